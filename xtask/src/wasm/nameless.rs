//! Components without names for people: those of what joins the modules are a hundredth of it.

use wasm_encoder::Encode;
use wasmparser::{BinaryReader, Result};

/// What every binary begins with: the magic number, the version, the layer.
const HEADER_BYTES: usize = 8;
/// The end of a component's header, where a module has zeros.
const COMPONENT: [u8; 2] = [1, 0];

/// The section that has a name instead of a meaning.
const CUSTOM: u8 = 0;
/// What a module and a component call the section with their names.
const NAMES: [&str; 2] = ["name", "component-name"];
/// The sections of a component that are a module and a component.
const NESTED: [u8; 2] = [1, 4];

/// The component or module, and all that it consists of, without the sections of names.
///
/// # Errors
/// If it is neither.
pub(super) fn nameless(binary: &[u8]) -> Result<Vec<u8>> {
    let mut reader = BinaryReader::new(binary, 0);
    let header = reader.read_bytes(HEADER_BYTES)?;
    let is_component = header.ends_with(&COMPONENT);
    let mut kept = header.to_vec();
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()?;
        let content = reader.read_bytes(usize::try_from(length).unwrap_or(usize::MAX))?;
        if id == CUSTOM && NAMES.contains(&BinaryReader::new(content, 0).read_string()?) {
            continue;
        }
        kept.push(id);
        match is_component && NESTED.contains(&id) {
            true => nameless(content)?.as_slice().encode(&mut kept),
            false => content.encode(&mut kept),
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODULE: &[u8] = b"\0asm\x01\0\0\0";
    const NAME: &[u8] = b"\x00\x07\x04name\x01\x00";
    const PRODUCERS: &[u8] = b"\x00\x0b\x09producers\x00";

    fn component(module: &[u8]) -> Vec<u8> {
        let mut component = b"\0asm\x0d\0\x01\0\x01".to_vec();
        module.encode(&mut component);
        component
    }

    #[test]
    fn only_names_are_left_out() {
        // A module's first section is one of types, which is no module.
        let types = b"\x01\x04\x01\x60\x00\x00".as_slice();
        let long = [b"\x00\x82\x01\x04long".as_slice(), &[7; 125]].concat();
        let module = [MODULE, NAME, PRODUCERS, types, &long, NAME].concat();
        let kept = [MODULE, PRODUCERS, types, &long].concat();

        assert_eq!(nameless(&module).unwrap(), kept);
        let named = [component(&module).as_slice(), b"\x00\x0f\x0ecomponent-name"].concat();
        assert_eq!(nameless(&named).unwrap(), component(&kept));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for binary in [b"\0asm".as_slice(), b"\0asm\x01\0\0\0\x05\x03\x01", &component(b"\0asm")] {
            assert!(nameless(binary).is_err(), "{binary:?}");
        }
    }
}
