//! What can be drawn as a sign: each glyph a few paths in a box of 100 × 100 that stands on y = 92.

/// Which of the drawing's colours a part has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Main,
    Second,
    Light,
    Dark,
    Accent,
}

use Role::{Accent as X, Dark as D, Light as L, Main as A, Second as B};

/// One sign.
pub(super) struct Glyph {
    /// Name, as an id in the drawing.
    pub(super) id: &'static str,
    /// The words that ask for it.
    words: &'static str,
    /// Parts from back to front: the role and the path.
    pub(super) parts: &'static [(Role, &'static str)],
}

/// Every sign. The first one of a word counts.
#[rustfmt::skip]
pub(super) const GLYPHS: &[Glyph] = &[
    Glyph { id: "lighthouse", words: "lighthouse beacon", parts: &[
        (B, "M22 92Q30 80 50 80T78 92Z"), (A, "M40 84L44 36H56L60 84Z"), (L, "M42.5 60L43.6 48H56.4L57.5 60ZM41 76L41.8 68H58.2L59 76Z"),
        (D, "M40 36H60V31H40ZM44 18H56L50 9Z"), (X, "M45 31V18H55V31Z"), (L, "M58 22L92 12V32ZM42 22L8 12V32Z")] },
    Glyph { id: "boat", words: "boat ship sail sailboat yacht vessel ferry canoe sailing", parts: &[
        (L, "M49 12V66H20Q40 44 49 12Z"), (X, "M54 22V66H80Q62 50 54 22Z"), (D, "M49 10H52V72H49Z"), (A, "M14 70H86L76 86H26Z"), (B, "M4 90Q14 84 24 90T44 90T64 90T84 90T98 90V94H4Z")] },
    Glyph { id: "house", words: "house home cabin cottage hut barn villa roof", parts: &[
        (A, "M24 50H76V92H24Z"), (D, "M14 54L50 20L86 54L80 60L50 32L20 60Z"), (B, "M64 24H72V40L64 33Z"), (L, "M32 58H44V70H32Z"), (X, "M54 62H68V92H54Z")] },
    Glyph { id: "tree", words: "tree oak maple birch willow forest wood", parts: &[
        (D, "M46 60H54V92H46Z"), (A, "M50 10C66 10 74 22 72 32C84 36 86 54 74 62C66 70 34 70 26 62C14 54 16 36 28 32C26 22 34 10 50 10Z"), (B, "M50 20C60 20 64 28 62 36C54 30 46 30 38 36C36 28 40 20 50 20Z")] },
    Glyph { id: "pine", words: "pine fir spruce conifer evergreen christmas", parts: &[
        (D, "M46 76H54V92H46Z"), (A, "M50 8L68 36H60L76 58H66L82 80H18L34 58H24L40 36H32Z"), (B, "M50 8L68 36H60L76 58H66L82 80H50Z")] },
    Glyph { id: "palm", words: "palm coconut tropical island beach", parts: &[
        (B, "M14 92Q50 78 86 92Z"), (D, "M47 90Q52 60 48 36H54Q58 62 54 90Z"), (A, "M50 36Q34 18 16 30Q34 26 46 38Q28 38 22 56Q36 42 50 38Q64 42 78 56Q72 38 54 38Q66 26 84 30Q66 18 50 36Z"), (X, "M46 40A4 4 0 1 0 54 40A4 4 0 1 0 46 40Z")] },
    Glyph { id: "mountain", words: "mountain peak alp summit hill volcano alpine hike hiking", parts: &[
        (B, "M48 92L72 40L98 92Z"), (A, "M4 92L40 22L76 92Z"), (L, "M40 22L52 45L45 52L39 44L32 51L28 45Z"), (X, "M74 22A9 9 0 1 0 92 22A9 9 0 1 0 74 22Z")] },
    Glyph { id: "wave", words: "wave sea ocean surf water tide river lake marine", parts: &[
        (A, "M6 62C18 30 46 18 66 34C76 44 68 58 58 54C66 50 62 42 54 44C40 48 42 70 62 74H94V92H6Z"), (B, "M6 80Q17 72 28 80T50 80T72 80T94 80V92H6Z"), (L, "M66 34C58 28 46 30 38 38C48 34 58 34 66 34Z")] },
    Glyph { id: "sun", words: "sun sunrise sunset dawn solar summer morning day", parts: &[
        (X, "M46 4H54L52 20H48ZM46 96H54L52 80H48ZM4 46V54L20 52V48ZM96 46V54L80 52V48ZM15 20L20 15L31 28L28 31ZM85 80L80 85L69 72L72 69ZM80 15L85 20L72 31L69 28ZM20 85L15 80L28 69L31 72Z"), (A, "M28 50A22 22 0 1 0 72 50A22 22 0 1 0 28 50Z")] },
    Glyph { id: "moon", words: "moon lunar night crescent sleep dream", parts: &[
        (A, "M62 10A42 42 0 1 0 90 66A34 34 0 0 1 62 10Z"), (X, "M72 24L75 32L83 35L75 38L72 46L69 38L61 35L69 32ZM84 46L86 51L91 53L86 55L84 60L82 55L77 53L82 51Z")] },
    Glyph { id: "cloud", words: "cloud sky weather fog mist", parts: &[
        (A, "M26 78A18 18 0 0 1 26 42A24 24 0 0 1 71 36A21 21 0 0 1 76 78Z"), (B, "M26 78A18 18 0 0 1 10 52Q20 66 44 66H88A21 21 0 0 1 76 78Z")] },
    Glyph { id: "person", words: "person man woman people traveller traveler hiker child girl boy team user yoga dancer", parts: &[
        (B, "M26 92Q26 54 50 54T74 92Z"), (A, "M36 32A14 14 0 1 0 64 32A14 14 0 1 0 36 32Z"), (X, "M44 56L50 68L56 56Q50 53 44 56Z")] },
    Glyph { id: "cat", words: "cat kitten kitty feline", parts: &[
        (B, "M70 88Q94 86 88 62Q86 54 80 58Q86 78 68 80Z"), (A, "M30 92Q26 62 38 52L32 24L46 36H56L70 24L64 52Q78 62 74 92Z"), (L, "M42 92Q40 74 52 70Q64 74 62 92Z"), (D, "M42 44A3 3 0 1 0 48 44A3 3 0 1 0 42 44ZM54 44A3 3 0 1 0 60 44A3 3 0 1 0 54 44ZM48 51H54L51 55Z")] },
    Glyph { id: "dog", words: "dog puppy hound retriever corgi pet", parts: &[
        (B, "M72 70Q88 62 90 46Q96 62 84 78Z"), (A, "M28 92V58Q28 46 40 46L44 24Q56 14 68 24L72 46Q78 58 76 92Z"), (B, "M44 24Q34 26 34 46Q42 46 46 34ZM68 24Q78 26 78 46Q70 46 66 34Z"), (L, "M46 92V70Q56 62 66 70V92Z"), (D, "M49 36A3 3 0 1 0 55 36A3 3 0 1 0 49 36ZM59 36A3 3 0 1 0 65 36A3 3 0 1 0 59 36ZM52 45H62L57 51Z")] },
    Glyph { id: "fox", words: "fox vixen wolf", parts: &[
        (A, "M18 14L38 34H62L82 14L84 50L50 90L16 50Z"), (L, "M16 50L40 54L50 90ZM84 50L60 54L50 90Z"), (D, "M45 82H55L50 90ZM32 44A4 4 0 1 0 40 44A4 4 0 1 0 32 44ZM60 44A4 4 0 1 0 68 44A4 4 0 1 0 60 44Z"), (B, "M22 22L34 34L21 42ZM78 22L66 34L79 42Z")] },
    Glyph { id: "bird", words: "bird gull seagull eagle swallow dove crow owl swan parrot freedom", parts: &[
        (A, "M6 46Q30 20 50 50Q70 20 94 46Q70 38 58 66L50 80L42 66Q30 38 6 46Z"), (B, "M42 66L50 50L58 66L50 80Z"), (X, "M50 50L56 44L62 48L54 54Z")] },
    Glyph { id: "fish", words: "fish whale koi dolphin shark salmon seafood sushi", parts: &[
        (B, "M70 50L94 30Q88 50 94 70Z"), (A, "M8 52Q30 20 74 50Q30 82 8 52Z"), (X, "M44 36Q56 22 62 42ZM44 66Q54 80 60 60Z"), (L, "M20 48A4 4 0 1 0 28 48A4 4 0 1 0 20 48Z"), (D, "M36 40Q42 51 36 63Q46 52 36 40Z")] },
    Glyph { id: "flower", words: "flower rose tulip poppy daisy lily bloom floral lotus spring garden blossom", parts: &[
        (B, "M48 56H52V92H48ZM50 80Q70 82 74 66Q56 64 50 80ZM50 86Q30 86 26 70Q44 70 50 86Z"), (A, "M50 36C40 4 60 4 50 36C82 26 82 46 50 36C80 56 62 66 50 36C38 66 20 56 50 36C18 46 18 26 50 36Z"), (X, "M42 36A8 8 0 1 0 58 36A8 8 0 1 0 42 36Z")] },
    Glyph { id: "leaf", words: "leaf leave plant fern eco organic green nature botanical vegan bio herb tea", parts: &[
        (A, "M14 86C10 40 40 12 88 12C90 62 60 92 24 82L16 92Z"), (L, "M20 88Q44 56 76 26Q50 58 26 84Z")] },
    Glyph { id: "bottle", words: "bottle perfume cosmetic serum wine whisky fragrance potion vial", parts: &[
        (D, "M42 8H58V22H42Z"), (A, "M44 22H56V32Q74 38 74 54V86Q74 92 68 92H32Q26 92 26 86V54Q26 38 44 32Z"), (L, "M34 56H66V78H34Z"), (X, "M40 62H60V66H40ZM40 70H54V73H40Z")] },
    Glyph { id: "chair", words: "chair armchair seat sofa furniture stool", parts: &[
        (D, "M28 76H34V92H28ZM66 76H72V92H66Z"), (A, "M28 16Q28 10 34 10H66Q72 10 72 16V56H28Z"), (B, "M20 54H80V78H20Z"), (X, "M32 50H68V62H32Z")] },
    Glyph { id: "lamp", words: "lamp bulb light idea lantern candle", parts: &[
        (A, "M50 8A28 28 0 0 1 66 58Q62 64 62 70H38Q38 64 34 58A28 28 0 0 1 50 8Z"), (D, "M38 74H62V80H38ZM42 84H58L54 92H46Z"), (L, "M36 34A16 16 0 0 1 52 18V23A11 11 0 0 0 41 34Z"), (X, "M46 50L50 36L54 50V66H46Z")] },
    Glyph { id: "car", words: "car automobile taxi vehicle truck van bus drive", parts: &[
        (A, "M8 76V60Q8 54 16 52L26 36Q30 32 36 32H64Q70 32 74 38L84 52Q94 54 94 62V76Z"), (L, "M32 40H46V52H26ZM51 40H64Q67 40 69 43L74 52H51Z"), (D, "M18 76A11 11 0 1 0 40 76A11 11 0 1 0 18 76ZM62 76A11 11 0 1 0 84 76A11 11 0 1 0 62 76Z"), (X, "M86 60H94V66H86ZM24 76A5 5 0 1 0 34 76A5 5 0 1 0 24 76ZM68 76A5 5 0 1 0 78 76A5 5 0 1 0 68 76Z")] },
    Glyph { id: "balloon", words: "balloon airship zeppelin", parts: &[
        (A, "M50 6C74 6 84 24 80 40C76 56 62 64 58 72H42C38 64 24 56 20 40C16 24 26 6 50 6Z"), (X, "M50 6C60 6 64 24 62 40C60 56 55 64 54 72H46C45 64 40 56 38 40C36 24 40 6 50 6Z"), (D, "M42 72L44 80H45L44 72ZM58 72L56 80H55L56 72ZM42 80H58V90Q58 92 56 92H44Q42 92 42 90Z")] },
    Glyph { id: "castle", words: "castle fortress palace kingdom tower crown", parts: &[
        (A, "M20 92V40H26V46H34V40H42V46H58V40H66V46H74V40H80V92Z"), (B, "M12 92V30H16V36H22V30H28V36H32V30H34V92ZM66 92V30H68V36H72V30H78V36H84V30H88V92Z"), (X, "M23 30V12L38 18L26 23V30ZM77 30V12L92 18L80 23V30Z"), (D, "M42 92V74Q42 64 50 64T58 74V92Z")] },
    Glyph { id: "bridge", words: "bridge viaduct", parts: &[
        (A, "M4 64H96V72H4Z"), (B, "M24 20H30V92H24ZM70 20H76V92H70Z"), (D, "M27 22Q50 78 73 22L76 22Q50 86 24 22ZM4 58L24 22H27L8 60ZM96 58L76 22H73L92 60Z"), (X, "M38 50H40V66H38ZM49 56H51V66H49ZM60 50H62V66H60Z")] },
    Glyph { id: "fruit", words: "fruit apple orange lemon pear peach cherry citrus mango juice", parts: &[
        (A, "M50 34C40 24 16 28 16 56C16 78 34 94 44 92Q50 90 56 92C66 94 84 78 84 56C84 28 60 24 50 34Z"), (D, "M48 34Q46 20 40 12L46 10Q52 20 52 34Z"), (B, "M52 24Q60 8 80 12Q74 28 52 24Z"), (L, "M24 56Q24 42 36 38Q28 48 30 62Z")] },
    Glyph { id: "cup", words: "cup mug coffee espresso latte cappuccino cafe café breakfast roastery", parts: &[
        (B, "M70 50Q92 46 90 62Q88 76 68 74V67Q82 68 82 60Q82 55 70 57Z"), (A, "M18 42H74V68Q74 86 58 86H34Q18 86 18 68Z"), (X, "M18 42H74V52Q46 60 18 52Z"), (D, "M12 88H82V93H12Z"), (L, "M34 36Q28 28 34 22T34 8Q42 14 38 22T40 36ZM52 36Q46 28 52 22T52 8Q60 14 56 22T58 36Z")] },
    Glyph { id: "bean", words: "bean roast roaster", parts: &[
        (A, "M30 18C50 2 84 14 87 44C90 74 62 97 38 89C12 80 9 36 30 18Z"), (L, "M20 50Q20 34 30 26Q24 44 26 62Q20 58 20 50Z"), (D, "M30 18L37 14Q66 34 55 52Q47 68 66 87L58 90Q36 70 45 51Q54 36 30 18Z")] },
    Glyph { id: "planet", words: "planet saturn jupiter earth world globe orbit space galaxy cosmos", parts: &[
        (A, "M24 50A26 26 0 1 0 76 50A26 26 0 1 0 24 50Z"), (B, "M26 42Q50 52 74 40A26 26 0 0 0 34 29Q26 34 26 42Z"), (X, "M8 64Q2 52 30 40L32 44Q14 54 18 60Q26 68 58 54T82 30Q78 26 66 30L64 26Q84 20 90 30Q94 44 62 62T8 64Z")] },
    Glyph { id: "rocket", words: "rocket spacecraft spaceship shuttle launch startup astronaut", parts: &[
        (X, "M42 78Q50 98 58 78Z"), (B, "M36 52L20 72V84L38 74ZM64 52L80 72V84L62 74Z"), (A, "M50 4Q68 24 66 56L60 78H40L34 56Q32 24 50 4Z"), (L, "M41 38A9 9 0 1 0 59 38A9 9 0 1 0 41 38Z"), (D, "M45 38A5 5 0 1 0 55 38A5 5 0 1 0 45 38Z")] },
    Glyph { id: "tent", words: "tent camp camping campsite yurt outdoor adventure", parts: &[
        (A, "M50 18L92 90H8Z"), (B, "M50 18L92 90H70Z"), (D, "M50 40L70 90H30Z"), (X, "M46 10L54 24H50L42 10Z")] },
    Glyph { id: "city", words: "city skyline town urban building skyscraper office street tokyo london york", parts: &[
        (B, "M8 92V46H26V92ZM62 92V34H78V92Z"), (A, "M28 92V22H46V92ZM48 92V52H64V92ZM80 92V56H94V92Z"), (L, "M32 30H36V36H32ZM39 30H43V36H39ZM32 44H36V50H32ZM39 44H43V50H39ZM32 58H36V64H32ZM39 58H43V64H39ZM53 60H58V66H53ZM53 72H58V78H53ZM67 42H72V48H67ZM67 54H72V60H67ZM13 54H19V60H13ZM13 68H19V74H13Z"), (X, "M36 8H38V22H36Z")] },
    Glyph { id: "heart", words: "heart love valentine health care wedding", parts: &[
        (A, "M50 90C10 60 4 36 18 22C32 10 46 18 50 32C54 18 68 10 82 22C96 36 90 60 50 90Z"), (L, "M22 34Q24 24 34 24Q28 30 28 40Z")] },
    Glyph { id: "star", words: "star favourite favorite award winner magic", parts: &[
        (A, "M50 6L62 38L96 39L69 60L79 93L50 74L21 93L31 60L4 39L38 38Z"), (B, "M50 6L62 38L96 39L69 60L79 93L50 74Z")] },
    Glyph { id: "bolt", words: "bolt lightning energy electric power fast storm thunder", parts: &[(A, "M58 4L16 58H46L40 96L84 40H54Z"), (L, "M58 4L46 42H54L34 58H46L40 96L84 40H54Z")] },
    Glyph { id: "drop", words: "drop rain oil ink blood liquid", parts: &[(A, "M50 6Q82 46 82 64A32 30 0 0 1 18 64Q18 46 50 6Z"), (L, "M28 64Q28 52 38 40Q34 58 42 74Q28 76 28 64Z")] },
    Glyph { id: "flame", words: "flame fire campfire bbq grill candle spicy", parts: &[(A, "M50 6C56 28 82 40 78 66C76 84 64 94 50 94C34 94 22 82 22 66C22 52 30 46 34 36C38 44 42 46 44 48C48 36 44 20 50 6Z"), (X, "M50 52C56 62 66 66 64 78C62 88 56 92 50 92C42 92 36 86 36 78C36 70 46 64 50 52Z")] },
    Glyph { id: "camera", words: "camera photo photograph photography photographer film lens", parts: &[(A, "M8 30H30L38 18H62L70 30H92V84H8Z"), (L, "M30 56A20 20 0 1 0 70 56A20 20 0 1 0 30 56Z"), (D, "M38 56A12 12 0 1 0 62 56A12 12 0 1 0 38 56Z"), (X, "M78 36H86V42H78Z")] },
    Glyph { id: "note", words: "music note song sound audio piano guitar concert festival band jazz", parts: &[(A, "M38 16L82 6V66A13 11 0 1 1 74 56V28L46 34V76A13 11 0 1 1 38 66Z"), (X, "M38 16L82 6V20L38 30Z")] },
    Glyph { id: "book", words: "book read library story school education learn magazine novel", parts: &[(A, "M8 22Q30 12 48 24V88Q30 78 8 86Z"), (B, "M92 22Q70 12 52 24V88Q70 78 92 86Z"), (L, "M16 34Q30 29 41 36V40Q30 33 16 38ZM16 48Q30 43 41 50V54Q30 47 16 52ZM84 34Q70 29 59 36V40Q70 33 84 38ZM84 48Q70 43 59 50V54Q70 47 84 52Z")] },
    Glyph { id: "bike", words: "bike bicycle cycling cyclist", parts: &[(D, "M6 68A20 20 0 1 0 46 68A20 20 0 1 0 6 68ZM12 68A14 14 0 1 1 40 68A14 14 0 1 1 12 68ZM54 68A20 20 0 1 0 94 68A20 20 0 1 0 54 68ZM60 68A14 14 0 1 1 88 68A14 14 0 1 1 60 68Z"), (A, "M24 68L38 36H66L76 68L72 69L64 42L48 69H24ZM33 62H46L59 41H42Z"), (X, "M32 30H46V35H32ZM62 24H76V29H68L66 40H61Z")] },
    Glyph { id: "anchor", words: "anchor harbour harbor port nautical sailor captain", parts: &[(A, "M46 30H54V78Q72 76 78 60L70 62L84 46L92 64L86 62Q78 90 50 92Q22 90 14 62L8 64L16 46L30 62L22 60Q28 76 46 78Z"), (X, "M39 20A11 11 0 1 0 61 20A11 11 0 1 0 39 20ZM45 20A5 5 0 1 1 55 20A5 5 0 1 1 45 20Z"), (B, "M32 38H68V46H32Z")] },
    Glyph { id: "gear", words: "gear machine engine industry settings factory robot tool engineering", parts: &[(A, "M44 6H56L58 18L68 22L78 15L86 23L79 33L83 42L94 44V56L83 58L79 67L86 77L78 85L68 78L58 82L56 94H44L42 82L32 78L22 85L14 77L21 67L17 58L6 56V44L17 42L21 33L14 23L22 15L32 22L42 18Z"), (L, "M34 50A16 16 0 1 0 66 50A16 16 0 1 0 34 50Z")] },
    Glyph { id: "shield", words: "shield security safe guard protect insurance knight", parts: &[(A, "M50 6L88 18V48Q86 78 50 94Q14 78 12 48V18Z"), (B, "M50 6L88 18V48Q86 78 50 94Z"), (X, "M30 50L38 42L46 52L64 30L72 38L46 68Z")] },
    Glyph { id: "diamond", words: "diamond gem jewel jewellery jewelry luxury crystal ring", parts: &[(A, "M24 16H76L96 42L50 92L4 42Z"), (B, "M36 42L50 16H76L64 42L50 92Z"), (L, "M24 16H50L36 42H4Z")] },
    Glyph { id: "bread", words: "bread bakery cake pastry croissant cupcake bake baker food pizza burger", parts: &[(A, "M10 50Q10 24 50 24T90 50Q90 60 82 62V88H18V62Q10 60 10 50Z"), (B, "M18 62H82V88H18Z"), (L, "M30 34L40 54H34L24 38ZM48 30L58 54H52L42 32ZM66 32L76 54H70L60 31Z")] },
    Glyph { id: "bowl", words: "bowl ramen noodle soup rice salad kitchen restaurant cook chef", parts: &[(X, "M70 10L56 48H60L76 12ZM82 14L66 48H70L88 18Z"), (B, "M14 50Q50 34 86 50Z"), (A, "M8 50H92Q90 82 62 88V92H38V88Q10 82 8 50Z"), (L, "M20 58H80Q80 62 78 66H22Q20 62 20 58Z")] },
    Glyph { id: "butterfly", words: "butterfly moth", parts: &[(A, "M48 50C40 12 8 8 8 32C8 50 32 54 48 50ZM52 50C60 12 92 8 92 32C92 50 68 54 52 50Z"), (B, "M48 52C34 54 20 62 26 78C34 92 48 76 48 52ZM52 52C66 54 80 62 74 78C66 92 52 76 52 52Z"), (D, "M48 34H52V84H48Z"), (X, "M20 30A6 6 0 1 0 32 30A6 6 0 1 0 20 30ZM68 30A6 6 0 1 0 80 30A6 6 0 1 0 68 30Z")] },
    Glyph { id: "bee", words: "bee honey wasp hive beekeeper", parts: &[(L, "M44 40C30 4 2 18 20 38ZM56 40C70 4 98 18 80 38Z"), (A, "M26 58A24 26 0 1 1 74 58A24 30 0 0 1 26 58Z"), (D, "M27 50H73V58H26ZM27 68H73L69 76H31Z"), (X, "M46 86H54L50 96Z")] },
    Glyph { id: "snow", words: "snow snowflake winter ice ski frost cold arctic", parts: &[(A, "M47 6H53V30L64 22L67 27L53 37V46L61 41L62 25L68 26L67 38L87 26L90 31L70 43L81 48L79 54L64 47L56 51L64 55L79 48L81 54L70 59L90 71L87 76L67 64L68 76L62 77L61 61L53 56V65L67 75L64 80L53 72V94H47V72L36 80L33 75L47 65V56L39 61L38 77L32 76L33 64L13 76L10 71L30 59L19 54L21 48L36 55L44 51L36 47L21 54L19 48L30 43L10 31L13 26L33 38L32 26L38 25L39 41L47 46V37L33 27L36 22L47 30Z")] },
    Glyph { id: "bag", words: "bag shop store fashion shopping cart clothing boutique market", parts: &[(A, "M16 34H84L90 92H10Z"), (B, "M50 34H84L90 92H50Z"), (D, "M32 42V28Q32 10 50 10T68 28V42H62V28Q62 16 50 16T38 28V42Z")] },
    Glyph { id: "chat", words: "chat message talk speech community social podcast microphone", parts: &[(A, "M10 14H90V70H50L30 90V70H10Z"), (L, "M26 38A5 5 0 1 0 36 38A5 5 0 1 0 26 38ZM45 42A5 5 0 1 0 55 42A5 5 0 1 0 45 42ZM64 38A5 5 0 1 0 74 38A5 5 0 1 0 64 38Z")] },
];

/// The glyphs that words ask for, in the order of the words, each once.
pub(super) fn asked(words: &[String]) -> Vec<&'static Glyph> {
    let mut found: Vec<&'static Glyph> = Vec::new();
    for word in words {
        let mut tries = vec![word.as_str()];
        tries.extend(["s", "es"].iter().filter_map(|ending| word.strip_suffix(ending)));
        let berries = word.strip_suffix("ies").map(|stem| format!("{stem}y"));
        tries.extend(berries.as_deref());
        let glyph = GLYPHS.iter().find(|g| g.words.split(' ').any(|known| tries.contains(&known)));
        if let Some(glyph) = glyph
            && found.iter().all(|other| other.id != glyph.id)
        {
            found.push(glyph);
        }
    }
    found
}
