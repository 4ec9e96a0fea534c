//! How long evaluating, compiling and patching take. Figures are in docs/performance.md.
//!
//! `cargo bench -p eval`

mod environments;

use std::hint::black_box;

use criterion::{Bencher, Criterion, Throughput, criterion_group, criterion_main};
use eval::Ruleset;
use mimalloc::MiMalloc;
use model::{FlagConfig, ObjectChange, Snapshot, Target, Version};
use serde_json::{Value, json};

/// What `burgee` has.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value)
        .unwrap_or_else(|error| unreachable!("the environments are readable: {error}"))
}

fn compiled(flags: &[Value], segments: &[Value]) -> Ruleset {
    let snapshot: Snapshot = read(json!({"flags": flags, "segments": segments}));
    eval::compile(&snapshot).0
}

/// Measures the flag called `flag`.
fn evaluate(ruleset: &Ruleset, targets: &[Target]) -> impl FnMut(&mut Bencher<'_>) {
    let flag = ruleset.flag("flag");
    move |bencher| {
        let Some(flag) = flag else { return };
        let mut next = targets.iter().cycle();
        bencher.iter(|| next.next().map(|target| ruleset.evaluate(black_box(flag), black_box(target))));
    }
}

fn one_flag(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("evaluate");
    let target: [Target; 1] = [read(environments::target())];

    let plain = compiled(&[environments::plain_flag("flag")], &[]);
    group.bench_function("boolean flag without rules", evaluate(&plain, &target));

    let clauses = [
        ("email", "ends_with", "@example.com"),
        ("plan", "equal", "Enterprise"),
        ("country", "equal_sensitive", "CH"),
        ("language", "in", "de"),
        ("version", "starts_with", "2."),
    ];
    let segment = environments::segment("segment", &clauses);
    let rollout = compiled(&[environments::rollout_flag("flag", "segment")], &[segment]);
    group.bench_function("rule, segment of five clauses, rollout", evaluate(&rollout, &target));

    let million = environments::listing_segment("segment", 1_000_000);
    let listed = compiled(&[environments::rollout_flag("flag", "segment")], &[million]);
    let same = [Target::bare(environments::target_id(777_777))];
    group.bench_function("listed among a million", evaluate(&listed, &same));
    // 10,007 is prime and the stride is large: no two lookups are neighbours, all tables are cold.
    let many: Vec<Target> = (0..10_007)
        .map(|number| Target::bare(environments::target_id(number * 99_991 % 1_000_000)))
        .collect();
    group.bench_function("listed among a million, another one each time", evaluate(&listed, &many));
    group.finish();
}

fn all_flags(criterion: &mut Criterion) {
    let snapshot: Snapshot = serde_json::from_str(&environments::typical(350)).unwrap_or_default();
    let (ruleset, _) = eval::compile(&snapshot);
    let target: Target = read(environments::target());

    let mut group = criterion.benchmark_group("evaluate all");
    group.throughput(Throughput::Elements(350));
    group.bench_function("350 flags", |bencher| {
        bencher.iter(|| {
            let served = ruleset.evaluate_all(black_box(&target));
            served.filter(|(_, evaluation)| evaluation.variation.is_some()).count()
        });
    });
    group.finish();
}

fn compile(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("compile");
    for count in [350, 10_000] {
        let json = environments::typical(count);
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function(format!("{count} flags from JSON"), |bencher| {
            bencher.iter(|| {
                let snapshot = Snapshot::from_json(black_box(json.as_bytes())).unwrap_or_default();
                eval::compile(&snapshot)
            });
        });
        let snapshot: Snapshot = serde_json::from_str(&json).unwrap_or_default();
        group.bench_function(format!("{count} flags"), |bencher| {
            bencher.iter(|| eval::compile(black_box(&snapshot)));
        });
    }
    group.finish();
}

fn patch(criterion: &mut Criterion) {
    let snapshot: Snapshot = serde_json::from_str(&environments::typical(10_000)).unwrap_or_default();
    let (ruleset, _) = eval::compile(&snapshot);
    let change = |flag: Value| [ObjectChange::Flag(read::<FlagConfig>(flag))];
    let changed = change(environments::rollout_flag("flag-05000", "segment-19"));
    let created = change(environments::rollout_flag("flag-new", "segment-19"));

    let mut group = criterion.benchmark_group("patch");
    for (name, change) in [("one of 10,000 flags", &changed), ("a new flag beside 10,000", &created)] {
        group.bench_function(name, |bencher| {
            bencher.iter_with_large_drop(|| {
                let mut patched = ruleset.clone();
                patched.apply(black_box(change), Version(2));
                patched
            });
        });
    }
    group.finish();
}

criterion_group!(benches, one_flag, all_flags, compile, patch);
criterion_main!(benches);
