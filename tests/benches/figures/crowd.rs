//! A crowd of people who do not exist, with ID numbers of their own and names spread as in life: what a search for
//! duplicates costs is decided by how many share a name. Of a million, some 300,000 names are different, and the
//! commonest is borne by about five hundred.

use std::sync::LazyLock;

use bangfu_kernel::id_number::check_digit;
use rand::{
    Rng as _, SeedableRng as _,
    distr::{Distribution as _, weighted::WeightedIndex},
    rngs::StdRng,
};

/// No administrative division has this code.
const AREA: &str = "320699";
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈\
                        姚卢姜崔钟谭陆汪范金";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红鹏飞建国文志海春林梅兰凤琴云龙波斌辉宇浩婷雪琳\
                     佳欣怡梓涵子轩俊博晨宏东晓永新德福成祥荣珍珠翠莲菊香芬美燕月生根宝才贵富喜庆安康学良民清正光忠义仁孝";
/// Of a hundred given names, those of one character.
const SHORT: u32 = 20;
const VILLAGES: u32 = 200;

/// Dates and sequence codes that numbers are made of: 40 years of 12 months of 28 days, a thousand people a day.
const NUMBERS: u64 = 40 * 12 * 28 * 1_000;
/// Has no divisor in common with them, so that nobody shares a number and neighbours share nothing.
const STEP: u64 = 7_654_321;

/// One of them.
pub(crate) struct Somebody {
    pub(crate) name: String,
    pub(crate) id_number: String,
    pub(crate) village: String,
}

/// The n-th, below 13 million.
pub(crate) fn somebody(n: u32) -> Somebody {
    let mut chance = StdRng::seed_from_u64(n.into());
    let (name, village) = (name(&mut chance), format!("样例村{}", chance.random_range(0..VILLAGES)));
    Somebody { name, id_number: number(born(n)), village }
}

/// The same person entered once more with a mistyped number; `None`: from the n-th none can be made that is nobody
/// else's.
pub(crate) fn mistyped(n: u32) -> Option<Somebody> {
    let born = born(n);
    // Nobody is born on a 29th; the check digit is the second place that differs.
    let slipped = (born.day == 19 && born.month != 2).then_some(Born { day: 29, ..born })?;
    Some(Somebody { id_number: number(slipped), ..somebody(n) })
}

/// What a number tells.
#[derive(Clone, Copy)]
struct Born {
    year: u64,
    month: u64,
    day: u64,
    order: u64,
}

fn born(n: u32) -> Born {
    let at = u64::from(n) * STEP % NUMBERS;
    Born { year: 1960 + at % 40, month: at / 40 % 12 + 1, day: at / 480 % 28 + 1, order: at / 13_440 }
}

fn number(Born { year, month, day, order }: Born) -> String {
    let mut number = format!("{AREA}{year}{month:02}{day:02}{order:03}");
    number.push(char::from(check_digit(number.as_bytes())));
    number
}

fn name(chance: &mut StdRng) -> String {
    static FAMILY: LazyLock<Characters> = LazyLock::new(|| Characters::falling(SURNAMES, 5.0));
    static OWN: LazyLock<Characters> = LazyLock::new(|| Characters::falling(GIVEN, 10.0));
    let mut name = String::from(FAMILY.one(chance));
    let characters = if chance.random_ratio(SHORT, 100) { 1 } else { 2 };
    (0..characters).for_each(|_| name.push(OWN.one(chance)));
    name
}

/// Characters with weights.
struct Characters {
    characters: Vec<char>,
    weights: Option<WeightedIndex<f64>>,
}

impl Characters {
    /// The k-th has the weight 1 / (k + `head`): the smaller that is, the more are alike.
    fn falling(characters: &str, head: f64) -> Self {
        let characters: Vec<char> = characters.chars().collect();
        let weights = (0_u32..).zip(&characters).map(|(k, _)| 1.0 / (f64::from(k) + 1.0 + head));
        Self { weights: WeightedIndex::new(weights).ok(), characters }
    }

    fn one(&self, chance: &mut StdRng) -> char {
        self.characters[self.weights.as_ref().map_or(0, |weights| weights.sample(chance))]
    }
}
