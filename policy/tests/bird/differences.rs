//! Where we do not do what BIRD 2.0.12 does, and why.

/// Reasons, and the expressions of the corpus to which they apply.
const KNOWN: &[(&str, &[&str])] = &[
    (
        "an address may be in a set of prefixes here; in 2.0.12 that ends the run",
        &[
            "10.0.0.1 ~ [10.0.0.0/8]",
            "10.0.0.1 ~ [10.0.0.0/8+]",
            "10.0.0.1 ~ [10.0.0.1/32]",
            "10.0.0.1 ~ [10.0.0.0/8{32,32}]",
            "10.0.0.1 ~ [10.0.0.0/8{8,31}]",
            "10.0.0.1 ~ V4",
            "ad(10.0.0.1) ~ V4",
        ],
    ),
    ("functions of constants are constants here", &["[i(1)]", "[factorial(4)]"]),
    (
        "a mask longer than the address changes nothing; in 2.0.12 it is chance",
        &["10.1.2.3.mask(33)"],
    ),
    (
        "items of a set may overlap here; 2.0.12 does not find all that is in them",
        &["PATH ~ [0, 0..5, 65541, 0]", "(1, 7) ~ [(*, 4), (4, 1..7), (1, *)]"],
    ),
    (
        "a wildcard behind a star finds what it says here, nothing in 2.0.12",
        &["\"abc\" ~ \"a**\"", "\"abc\" ~ \"*?c\""],
    ),
    (
        "wrong types are found before a run",
        &["b(true) && lar(LARGES)", "b(false) || i(1)", "b(false) && i(1)", "b(true) || i(1)"],
    ),
    ("wrong types end a run where a value is used or given away", &["void_18()", "void_24()"]),
    ("the ends of a range may be expressions here", &["[= (i(5))..7 =]"]),
    ("a range of an extended community with an address", &["[(rt, 10.0.0.1, 5..7)]"]),
    (
        "a set of several types never holds what is meant: it is an error here",
        &["[RTS_BGP, ORIGIN_IGP]", "[RTS_BGP, 1]"],
    ),
    ("2.0.12 compares the ASes of a path with pairs: it is an error here", &["PATH ~ PAIRS"]),
    (
        "methods of newer versions",
        &[
            "COMMUNITIES.empty",
            "COMMUNITIES.add((7, 8))",
            "COMMUNITIES.delete((1, 2))",
            "COMMUNITIES.filter([(1, *)])",
            "PATH.empty",
            "PATH.prepend(7)",
            "PATH.prepend(7).prepend(8)",
            "PATH.prepend(7).len + 1",
            "PATH.delete(2)",
            "PATH.delete(9)",
            "PATH.delete([1, 2])",
            "PATH.delete([2..3])",
            "PATH.delete([])",
            "PATH.filter([1, 3])",
            "PATH.filter([])",
            "PATH.len()",
        ],
    ),
    (
        "a path in a mask stands for its ASes, as in newer versions",
        &["PATH ~ [= PATH =]", "[= PATH =]"],
    ),
    ("`+` behind `*` says nothing, and is not kept", &["[= * + =]"]),
    ("`++` of newer versions", &["\"a\" ++ \"b\""]),
    (
        "names of newer versions",
        &[
            "RTS_RPKI",
            "RTS_PERF",
            "RTC_UNICAST",
            "RTD_ROUTER",
            "NET_MPLS",
            "RA_LOW",
            "RA_MEDIUM",
            "RA_HIGH",
        ],
    ),
    (
        "a list without a value is an empty one, as in newer versions",
        &[
            "unset_lists()",
            "void_13()",
            "void_14()",
            "void_16()",
            "void_17()",
            "void_28()",
            "void_29()",
        ],
    ),
    ("2.0.12 takes no variable without a value in an inner block", &["shadow_unset(3)"]),
    ("where labels overlap the first one counts; in 2.0.12 it is chance", &["overlapping((1, 3))"]),
];

/// Why an expression of the corpus may differ.
pub(crate) fn reason(expr: &str) -> Option<&'static str> {
    KNOWN.iter().find(|(_, list)| list.contains(&expr)).map(|row| row.0)
}

/// How many there are.
pub(crate) fn count() -> usize {
    KNOWN.iter().map(|row| row.1.len()).sum()
}
