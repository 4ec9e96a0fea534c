//! The functions that the module exports. Numbers are 32 bits wide; README.md is their reference.
//!
//! The module owns all memory. A caller asks for room, writes its input there, and calls; it reads the
//! answer from where the module says it is. No call takes a pointer, so that none can be wrong.
#![expect(unsafe_code, reason = "a function is exported under its own name by an attribute that is unsafe")]

use std::cell::RefCell;

use crate::engine::Engine;
use crate::failure::Failure;

thread_local! {
    /// A module has one thread, so this is one for each instance of it.
    static ENGINE: RefCell<Engine> = RefCell::default();
}

/// The version of these functions. A caller that knows another must not use them.
pub const ABI_VERSION: i32 = 1;

/// Performs `work`; a failure becomes its negative number, and the answer what went wrong.
fn call<T: TryInto<i32>>(work: impl FnOnce(&mut Engine) -> Result<T, Failure>) -> i32 {
    ENGINE.with_borrow_mut(|engine| match work(engine) {
        // Sizes and handles of a module with 64 MiB always fit.
        Ok(done) => done.try_into().unwrap_or(i32::MAX),
        Err(failure) => engine.fail(failure),
    })
}

/// Which of these functions there are: [`ABI_VERSION`].
// SAFETY: nothing else that is linked has a name that begins with `burgee_`; so below.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_abi_version() -> i32 {
    ABI_VERSION
}

/// Makes room for `bytes` of input and returns where, or null if that is more than the module takes.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_input(bytes: usize) -> *mut u8 {
    ENGINE.with_borrow_mut(|engine| match engine.make_room(bytes) {
        Ok(room) => room.as_mut_ptr(),
        Err(failure) => {
            engine.fail(failure);
            std::ptr::null_mut()
        }
    })
}

/// Where the answer of the last call is that gave its length, or the text of the last failure.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_answer() -> *const u8 {
    ENGINE.with_borrow(|engine| engine.answer.as_ptr())
}

/// How long what [`burgee_answer`] points to is, in bytes.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_answer_length() -> i32 {
    call(|engine| Ok(engine.answer.len()))
}

/// Where the packed answers of the last [`burgee_evaluate_all`] are.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_results() -> *const i32 {
    ENGINE.with_borrow(|engine| engine.results.as_ptr())
}

/// Compiles the snapshot in the input and returns its environment's handle.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_environment_load() -> i32 {
    call(Engine::load)
}

/// Forgets an environment.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_environment_free(environment: u32) -> i32 {
    call(|engine| engine.unload(environment).map(|()| 0))
}

/// The version of an environment.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_environment_version(environment: u32) -> i32 {
    call(|engine| Ok(engine.version(environment)?.0))
}

/// How many flags an environment has; their indexes are below that.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_flag_count(environment: u32) -> i32 {
    call(|engine| engine.flag_count(environment))
}

/// The index of the flag whose identifier is in the input.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_flag(environment: u32) -> i32 {
    call(|engine| engine.flag(environment))
}

/// Writes what there is to know of a flag as JSON; returns the answer's length.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_flag_describe(environment: u32, flag: u32) -> i32 {
    call(|engine| engine.describe(environment, flag))
}

/// Reads the target in the input and returns its handle.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_target_intern() -> i32 {
    call(Engine::intern)
}

/// Forgets a target.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_target_free(target: u32) -> i32 {
    call(|engine| engine.forget(target).map(|()| 0))
}

/// Evaluates a flag by its index; the answer is packed into the number that is returned.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_evaluate(environment: u32, flag: u32, target: u32) -> i32 {
    call(|engine| engine.evaluate(environment, flag, target))
}

/// Evaluates all flags into [`burgee_results`], one packed answer for each index; returns how many.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_evaluate_all(environment: u32, target: u32) -> i32 {
    call(|engine| engine.evaluate_all(environment, target))
}

/// Evaluates the flag whose identifier is in the input, as JSON; returns the answer's length.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_evaluate_json(environment: u32, target: u32) -> i32 {
    call(|engine| engine.evaluate_json(environment, target))
}

/// Evaluates all flags as one JSON array; returns the answer's length.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_evaluate_all_json(environment: u32, target: u32) -> i32 {
    call(|engine| engine.evaluate_all_json(environment, target))
}

/// Explains the flag whose identifier is in the input, as JSON; returns the answer's length.
// SAFETY: see `burgee_abi_version`.
#[unsafe(no_mangle)]
pub extern "C" fn burgee_explain_json(environment: u32, target: u32) -> i32 {
    call(|engine| engine.explain_json(environment, target))
}
