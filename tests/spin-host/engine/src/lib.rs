//! Runs the engine's module as any other language would: by its functions alone, under a limit of memory.

use anyhow::{Result, bail};
use wasmtime::error::Context;
use wasmtime::{
    Engine, Instance, Memory, Module, Store, StoreLimits, StoreLimitsBuilder, TypedFunc, WasmParams,
};

/// The functions that are described in `eval-wasm/README.md`, of this version.
const ABI_VERSION: i32 = 1;

/// A module that was started.
pub struct Edge {
    store: Store<StoreLimits>,
    instance: Instance,
    memory: Memory,
}

/// The handle of an environment.
#[derive(Clone, Copy)]
pub struct EnvironmentHandle(i32);

/// The handle of a target.
#[derive(Clone, Copy)]
pub struct TargetHandle(i32);

impl Edge {
    /// Compiles and starts the module in `wasm`; its memory never grows beyond `memory_bytes_max`.
    ///
    /// # Errors
    /// Not a module, one that imports something (nothing is offered to it), or one of another version.
    pub fn start(wasm: &[u8], memory_bytes_max: usize) -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, wasm).context("the module cannot be compiled")?;
        let limits = StoreLimitsBuilder::new().memory_size(memory_bytes_max).build();
        let mut store = Store::new(&engine, limits);
        store.limiter(|limits| limits);
        let instance = Instance::new(&mut store, &module, &[]).context("the module cannot be started")?;
        let memory = instance.get_memory(&mut store, "memory").context("the module exports no memory")?;
        let mut edge = Self { store, instance, memory };
        match edge.call("burgee_abi_version", ())? {
            ABI_VERSION => Ok(edge),
            other => {
                bail!("the module has version {other} of its functions, this program knows {ABI_VERSION}")
            }
        }
    }

    /// Loads a snapshot.
    ///
    /// # Errors
    /// So for all calls: the module refuses, and says why.
    pub fn load(&mut self, snapshot: &str) -> Result<EnvironmentHandle> {
        self.input(snapshot)?;
        self.call("burgee_environment_load", ()).map(EnvironmentHandle)
    }

    /// Forgets an environment.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn unload(&mut self, environment: EnvironmentHandle) -> Result<()> {
        self.call("burgee_environment_free", environment.0).map(drop)
    }

    /// Reads a target.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn intern(&mut self, target: &str) -> Result<TargetHandle> {
        self.input(target)?;
        self.call("burgee_target_intern", ()).map(TargetHandle)
    }

    /// Forgets a target.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn forget(&mut self, target: TargetHandle) -> Result<()> {
        self.call("burgee_target_free", target.0).map(drop)
    }

    /// The packed answers of all flags, in the order of their identifiers.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn evaluate_all(&mut self, environment: EnvironmentHandle, target: TargetHandle) -> Result<Vec<i32>> {
        let count = self.call("burgee_evaluate_all", (environment.0, target.0))?;
        let address = self.call("burgee_results", ())?;
        let bytes = self.bytes(address, usize::try_from(count)? * size_of::<i32>())?;
        Ok(bytes.as_chunks().0.iter().map(|number| i32::from_le_bytes(*number)).collect())
    }

    /// All answers as the text that client SDKs are sent.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn evaluate_all_json(
        &mut self,
        environment: EnvironmentHandle,
        target: TargetHandle,
    ) -> Result<String> {
        let length = self.call("burgee_evaluate_all_json", (environment.0, target.0))?;
        self.answer(length)
    }

    /// How the flag's answer comes about, as JSON.
    ///
    /// # Errors
    /// See [`Self::load`].
    pub fn explain_json(
        &mut self,
        environment: EnvironmentHandle,
        flag: &str,
        target: TargetHandle,
    ) -> Result<String> {
        self.input(flag)?;
        let length = self.call("burgee_explain_json", (environment.0, target.0))?;
        self.answer(length)
    }

    fn input(&mut self, text: &str) -> Result<()> {
        let address = self.call("burgee_input", i32::try_from(text.len())?)?;
        if address == 0 {
            bail!("the module has no room for {} bytes", text.len());
        }
        self.memory.write(&mut self.store, usize::try_from(address)?, text.as_bytes())?;
        Ok(())
    }

    /// Calls a function whose answer is no failure.
    fn call(&mut self, name: &str, parameters: impl WasmParams) -> Result<i32> {
        let answer = self.function(name)?.call(&mut self.store, parameters)?;
        if answer >= 0 {
            return Ok(answer);
        }
        let length = self.function("burgee_answer_length")?.call(&mut self.store, ())?;
        let why = self.answer(length)?;
        bail!("{name} answers {answer}: {why}")
    }

    fn function<Parameters: WasmParams>(&mut self, name: &str) -> Result<TypedFunc<Parameters, i32>> {
        Ok(self.instance.get_typed_func(&mut self.store, name)?)
    }

    fn answer(&mut self, length: i32) -> Result<String> {
        let address = self.function("burgee_answer")?.call(&mut self.store, ())?;
        Ok(str::from_utf8(self.bytes(address, usize::try_from(length)?)?)?.to_owned())
    }

    fn bytes(&self, address: i32, length: usize) -> Result<&[u8]> {
        let from = usize::try_from(address)?;
        let bytes = self.memory.data(&self.store).get(from..from + length);
        bytes.ok_or_else(|| anyhow::anyhow!("the module answers with an address that it does not have"))
    }
}
