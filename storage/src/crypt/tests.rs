//! Keys: how they are written, wrapped, taken over and destroyed.

use std::path::Path;
use std::sync::Arc;

use super::vault::KeyPlaces;
use super::*;
use crate::day::Day;
use crate::error::ErrorKind;
use crate::fs;

fn vault(dir: &Path, id: &str, key: &StoreKey) -> Vault {
    Vault::with_key(id, dir, fs::real(), key.clone())
}

#[test]
fn a_store_key_is_read_in_every_form() {
    let key = StoreKey::generate().unwrap();
    let line = key.line();
    assert_eq!(line.len(), 64);
    let raw: crate::Digest = line.parse().unwrap();
    use base64::Engine as _;
    let base64 = base64::prelude::BASE64_STANDARD.encode(raw.0);
    for form in [line.as_bytes(), format!("{line}\n").as_bytes(), &raw.0, base64.as_bytes()] {
        assert_eq!(StoreKey::parse(form).unwrap(), key);
    }
    for bad in ["", "secret", &line[1..], &format!("{line}00")] {
        let error = StoreKey::parse(bad.as_bytes()).unwrap_err();
        assert!(bad.is_empty() || !error.to_string().contains(bad), "a secret is not repeated");
    }
    assert_eq!(format!("{key:?}"), format!("StoreKey({})", key.id()));
}

#[test]
fn names_of_keys_lead_nowhere_else() {
    for scope in [Scope::Day(Day(20_000)), Scope::Lines(Day(-1)), Scope::Ledger] {
        let name = KeyName::new(scope).unwrap();
        assert_eq!(KeyName::from_path(&name.path()), Some(name));
    }
    for bad in [
        "keys/day=2024-10-04/../0123456789abcdef.key",
        "keys/../../0123456789abcdef.key",
        "keys/day=2024-10-04/0123456789ABCDEF.key",
        "keys/day=2024-10-04/0123456789abcde.key",
        "keys/day=2024-1-04/0123456789abcdef.key",
        "keys//0123456789abcdef.key",
        "/keys/ledger/0123456789abcdef.key",
    ] {
        assert_eq!(KeyName::from_path(bad), None, "{bad}");
    }
}

#[test]
fn every_changed_byte_of_a_wrapped_key_is_noticed() {
    let key = StoreKey::generate().unwrap();
    let data = DataKey::generate(Scope::Day(Day(20_000)), "s").unwrap();
    let bytes = data.wrap(&key).unwrap();
    let opened = DataKey::unwrap(&bytes, data.name(), &key).unwrap();
    assert_eq!((opened.secret(), opened.store()), (data.secret(), "s"));
    for at in 0..bytes.len() - 1 {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(DataKey::unwrap(&changed, data.name(), &key).is_err(), "{at}");
    }
}

#[test]
fn a_key_from_elsewhere_is_checked_and_wrapped_anew() {
    let root = tempfile::tempdir().unwrap();
    let (here, there) = (root.path().join("here"), root.path().join("there"));
    let keys = root.path().join("keys");
    for dir in [&here, &there, &keys] {
        std::fs::create_dir(dir).unwrap();
    }
    let (own, foreign) = (StoreKey::generate().unwrap(), StoreKey::generate().unwrap());
    let scope = Scope::Day(Day(20_000));
    let origin = vault(&there, "other", &foreign);
    let made = origin.for_writing(scope).unwrap();
    let path = made.name().path();
    let bytes = std::fs::read(there.join(&path)).unwrap();

    std::fs::write(key_file(&keys, "here"), own.line()).unwrap();
    let places = KeyPlaces { key_dir: Some(keys.clone()), ..KeyPlaces::default() };
    let open = || Vault::new("here", &here, fs::real(), places.clone());
    let error = open().take_in(&path, &bytes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().contains(foreign.id()), "{error}");
    std::fs::write(key_file(&keys, "other"), foreign.line()).unwrap();
    assert!(open().take_in("keys/ledger/x.key", &bytes).is_err());
    assert!(open().take_in(&path, &bytes[1..]).is_err());
    assert!(open().take_in(&path, &bytes).unwrap());
    assert!(!open().take_in(&path, &bytes).unwrap(), "it is there already");
    let taken = vault(&here, "here", &own).data_key(made.name()).unwrap();
    assert_eq!((taken.secret(), taken.store()), (made.secret(), "other"));
}

#[test]
fn one_writer_after_another_uses_one_key_until_it_is_destroyed() {
    let root = tempfile::tempdir().unwrap();
    let key = StoreKey::generate().unwrap();
    let scope = Scope::Lines(Day(20_000));
    let first = vault(root.path(), "s", &key);
    let made = first.for_writing(scope).unwrap();
    let again = Arc::new(vault(root.path(), "s", &key));
    assert_eq!(again.for_writing(scope).unwrap().secret(), made.secret());
    assert_eq!(again.shred(scope).unwrap(), 1);
    assert_eq!(again.data_key(made.name()).unwrap_err().kind(), ErrorKind::Integrity);
    // Whoever still knows it must not write with it: nobody else could read that.
    let next = first.for_writing(scope).unwrap();
    assert_ne!(next.secret(), made.secret());
    assert!(again.shred(Scope::Ledger).is_err());
}
