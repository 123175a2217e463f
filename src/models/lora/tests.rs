//! Adapters that belong to a model, and those that do not.

use super::{Found, check};
use crate::models::gguf::{Header, read};
use crate::models::synth;

use crate::models::synth::{Adapter, File, Spec, Weights, tiny};

fn header(file: &File) -> Header {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("file.gguf");
    file.write(&path, Weights::Sparse).unwrap();
    read(&path).unwrap()
}

fn checked(change: impl Fn(&mut File), model: &Spec) -> Result<Found, String> {
    let mut file = Adapter::of(&tiny("qwen2")).file();
    change(&mut file);
    check(&header(&file), &header(&model.file()))
}

#[test]
fn an_adapter_of_its_model_is_found_good() {
    let found = checked(|_| {}, &tiny("qwen2")).unwrap();
    assert_eq!((found.name.as_str(), found.matrices, found.warning), ("tiny-qwen2-lora", 6, None));
    assert_eq!(found.bytes, 6 * 2 * 128 * 8 * 4);
}

#[test]
fn what_is_wrong_is_a_sentence() {
    let own = tiny("qwen2");
    let wider = Spec { embedding: 256, ..tiny("qwen2") };
    let fewer = Spec { layers: 1, ..tiny("qwen2") };
    let text = |text: &str| synth::Value::Text(text.to_owned());
    type Change = Box<dyn Fn(&mut File)>;
    let cases: Vec<(Change, &Spec, &str)> = vec![
        (Box::new(|_| {}), &wider, "has the shape of another model's"),
        (Box::new(|_| {}), &fewer, "the model has no blk.1"),
        (Box::new(|file| file.set("general.architecture", synth::Value::Text("llama".into()))), &own, "`llama`"),
        (Box::new(move |file| file.set("general.type", text("model"))), &own, "no adapter"),
        (Box::new(|file| file.set("general.type", synth::Value::U32(3))), &own, "no adapter"),
        (Box::new(|file| file.set("adapter.type", synth::Value::Text("ia3".into()))), &own, "`ia3`"),
        (Box::new(|file| file.set("adapter.lora.alpha", synth::Value::U32(3))), &own, "adapter.lora.alpha"),
        (Box::new(|file| drop(file.tensors.pop())), &own, "one half"),
        (Box::new(|file| file.tensors.clear()), &own, "changes nothing"),
        (Box::new(|file| file.tensors[0].name = "blk.0.what".into()), &own, "no part of a LoRA"),
        (Box::new(|file| file.tensors[1].shape = vec![4, 128]), &own, "has the shape of another model's"),
        (
            Box::new(|file| file.set("adapter.alora.invocation_tokens", synth::Value::I32s(vec![1]))),
            &own,
            "switched on by words",
        ),
    ];
    for (change, model, part) in cases {
        let reason = checked(change, model).unwrap_err();
        assert!(reason.contains(part), "{reason}");
    }
}

#[test]
fn another_name_is_said_and_no_error() {
    let named = |name: &'static str| {
        move |file: &mut File| file.set("general.base_model.0.name", synth::Value::Text(name.to_owned()))
    };
    assert!(checked(named("Other Model"), &tiny("qwen2")).unwrap().warning.unwrap().contains("Other Model"));
    assert_eq!(checked(named("Tiny Qwen2 Instruct"), &tiny("qwen2")).unwrap().warning, None);
}
