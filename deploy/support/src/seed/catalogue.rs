//! What is sold: families, models, what each is sold as and what it is made of. The prices of their repairs are in the document
//! `repair-prices` that warranty ships.

use support_proto::support::types::v1::{Date, ProductLine};
use support_proto::support::warranty::v1::{
    CreateProductFamilyRequest, CreateProductRequest, ProductComponent, ProductConfiguration, ProductPart,
};

/// A model in a line of the table.
struct Row {
    model_code: &'static str,
    name: &'static str,
    line: ProductLine,
    family: &'static str,
    price_group: &'static str,
    months: i32,
    /// Year and month in which it was first sold.
    released: (i32, i32),
    /// The last day on which it was, where it is no more.
    last_sold: Option<(i32, i32, i32)>,
    shape: &'static [Component],
}

/// A component and its parts: name, whether it wears, whether it is for looks alone.
type Component = (&'static str, &'static [(&'static str, bool, bool)]);

/// Key, name, line.
const FAMILIES: [(&str, &str, ProductLine); 9] = [
    ("halden-phone", "Halden Phone", ProductLine::Phone),
    ("halden-book", "Halden Book", ProductLine::Laptop),
    ("halden-slate", "Halden Slate", ProductLine::Tablet),
    ("halden-watch", "Halden Watch", ProductLine::Watch),
    ("halden-buds", "Halden Buds", ProductLine::Audio),
    ("halden-studio", "Halden Studio", ProductLine::Audio),
    ("halden-mini", "Halden Mini", ProductLine::Desktop),
    ("halden-print", "Halden Print", ProductLine::Accessory),
    ("halden-camera", "Halden Camera", ProductLine::Accessory),
];

const PHONE: &[Component] = &[
    (
        "battery",
        &[("battery", true, false), ("battery adhesive", false, false)],
    ),
    (
        "display",
        &[("display assembly", false, false), ("display seal", false, false)],
    ),
    (
        "housing",
        &[
            ("back glass", false, false),
            ("frame", false, true),
            ("button set", true, false),
        ],
    ),
    (
        "camera",
        &[("rear camera", false, false), ("front camera", false, false)],
    ),
    ("speaker", &[("loudspeaker", false, false), ("earpiece", false, false)]),
    ("logic-board", &[("logic board", false, false)]),
];
const BOOK: &[Component] = &[
    ("battery", &[("battery", true, false)]),
    (
        "display",
        &[("display assembly", false, false), ("hinge cover", false, true)],
    ),
    (
        "keyboard",
        &[("top case with keyboard", false, false), ("key cap set", true, false)],
    ),
    ("logic-board", &[("logic board", false, false)]),
    ("speaker", &[("loudspeaker pair", false, false)]),
    ("housing", &[("bottom case", false, true), ("foot set", true, true)]),
];
const SLATE: &[Component] = &[
    ("battery", &[("battery", true, false)]),
    ("display", &[("display assembly", false, false)]),
    ("housing", &[("back case", false, true)]),
    ("speaker", &[("loudspeaker set", false, false)]),
];
const WATCH: &[Component] = &[
    ("battery", &[("battery", true, false)]),
    (
        "display",
        &[("display with crystal", false, false), ("seal", true, false)],
    ),
    ("housing", &[("case back", false, true)]),
    ("band", &[("band", true, true)]),
];
const BUDS: &[Component] = &[
    (
        "battery",
        &[
            ("left bud", true, false),
            ("right bud", true, false),
            ("charging case", true, false),
        ],
    ),
    ("ear-tip", &[("ear tip set", true, false)]),
];
const STUDIO: &[Component] = &[
    ("battery", &[("battery", true, false)]),
    ("ear-cushion", &[("ear cushion pair", true, false)]),
    ("speaker", &[("driver", false, false)]),
];
const MINI: &[Component] = &[
    ("storage", &[("storage module", true, false)]),
    ("power-supply", &[("power supply", false, false)]),
    ("logic-board", &[("logic board", false, false), ("fan", true, false)]),
];
const PRINT: &[Component] = &[
    ("print-head", &[("print head", true, false)]),
    ("power-supply", &[("power supply", false, false)]),
    ("housing", &[("paper tray", false, false), ("lid", false, true)]),
];
const CAMERA: &[Component] = &[
    ("battery", &[("battery", true, false)]),
    ("lens", &[("lens assembly", false, false), ("lens cap", false, true)]),
    ("housing", &[("body shell", false, true)]),
];

#[rustfmt::skip]
const PRODUCTS: [Row; 14] = [
    Row { model_code: "PHN-11-64", name: "Halden Phone 11", line: ProductLine::Phone, family: "halden-phone", price_group: "phone-2019", months: 12, released: (2019, 9), last_sold: Some((2022, 8, 31)), shape: PHONE },
    Row { model_code: "PHN-14-128", name: "Halden Phone 14", line: ProductLine::Phone, family: "halden-phone", price_group: "phone-2022", months: 12, released: (2022, 9), last_sold: None, shape: PHONE },
    Row { model_code: "PHN-17-256", name: "Halden Phone 17", line: ProductLine::Phone, family: "halden-phone", price_group: "phone-2025", months: 12, released: (2025, 9), last_sold: None, shape: PHONE },
    Row { model_code: "LAP-13-A", name: "Halden Book 13", line: ProductLine::Laptop, family: "halden-book", price_group: "book-13", months: 12, released: (2020, 11), last_sold: Some((2024, 3, 4)), shape: BOOK },
    Row { model_code: "LAP-16-C", name: "Halden Book 16", line: ProductLine::Laptop, family: "halden-book", price_group: "book-16", months: 12, released: (2024, 10), last_sold: None, shape: BOOK },
    Row { model_code: "TAB-10-9", name: "Halden Slate 10", line: ProductLine::Tablet, family: "halden-slate", price_group: "slate-10", months: 12, released: (2022, 10), last_sold: Some((2025, 3, 12)), shape: SLATE },
    Row { model_code: "TAB-12-5", name: "Halden Slate 12 Pro", line: ProductLine::Tablet, family: "halden-slate", price_group: "slate-12", months: 12, released: (2024, 5), last_sold: None, shape: SLATE },
    Row { model_code: "WAT-8-45", name: "Halden Watch 8", line: ProductLine::Watch, family: "halden-watch", price_group: "watch-8", months: 12, released: (2022, 9), last_sold: Some((2023, 9, 12)), shape: WATCH },
    Row { model_code: "WAT-U2", name: "Halden Watch Summit", line: ProductLine::Watch, family: "halden-watch", price_group: "watch-summit", months: 24, released: (2023, 9), last_sold: None, shape: WATCH },
    Row { model_code: "AUD-BUDS-2", name: "Halden Buds 2", line: ProductLine::Audio, family: "halden-buds", price_group: "buds", months: 12, released: (2022, 9), last_sold: Some((2025, 9, 9)), shape: BUDS },
    Row { model_code: "AUD-OVER-1", name: "Halden Studio", line: ProductLine::Audio, family: "halden-studio", price_group: "studio", months: 12, released: (2020, 12), last_sold: None, shape: STUDIO },
    Row { model_code: "DSK-MINI-4", name: "Halden Mini", line: ProductLine::Desktop, family: "halden-mini", price_group: "mini", months: 12, released: (2024, 11), last_sold: None, shape: MINI },
    Row { model_code: "ACC-PRN-1", name: "Halden Print", line: ProductLine::Accessory, family: "halden-print", price_group: "print", months: 12, released: (2015, 3), last_sold: Some((2022, 4, 26)), shape: PRINT },
    Row { model_code: "ACC-CAM-1", name: "Halden Camera", line: ProductLine::Accessory, family: "halden-camera", price_group: "camera", months: 12, released: (2018, 6), last_sold: Some((2023, 1, 31)), shape: CAMERA },
];

/// What everything comes in: number and name.
const COLOURS: [(&str, &str); 2] = [("BLK", "black"), ("SLV", "silver")];

/// The families, without request ids.
pub(super) fn families() -> Vec<CreateProductFamilyRequest> {
    FAMILIES
        .iter()
        .map(|(family, name, line)| CreateProductFamilyRequest {
            request_id: String::new(),
            family: (*family).to_owned(),
            name: (*name).to_owned(),
            product_line: (*line).into(),
        })
        .collect()
}

/// The products, without request ids.
pub(super) fn products() -> Vec<CreateProductRequest> {
    PRODUCTS.iter().enumerate().map(product).collect()
}

fn product((number, row): (usize, &Row)) -> CreateProductRequest {
    let date = |year, month, day| Date { year, month, day };
    let (year, month) = row.released;
    CreateProductRequest {
        request_id: String::new(),
        model_code: row.model_code.to_owned(),
        name: row.name.to_owned(),
        product_line: row.line.into(),
        limited_warranty_months: row.months,
        release_date: Some(date(year, month, 1)),
        family: row.family.to_owned(),
        price_group: row.price_group.to_owned(),
        last_sold_date: row.last_sold.map(|(year, month, day)| date(year, month, day)),
        configurations: COLOURS
            .iter()
            .map(|(colour, name)| ProductConfiguration {
                configuration: (*colour).to_owned(),
                name: format!("{}, {name}", row.name),
            })
            .collect(),
        components: (row.shape.iter().enumerate())
            .map(|(place, (component, parts))| ProductComponent {
                component: (*component).to_owned(),
                parts: (parts.iter().enumerate())
                    .map(|(part, (name, wears, cosmetic))| ProductPart {
                        part_number: format!("661-{:02}{place:02}{part}", number + 1),
                        name: (*name).to_owned(),
                        wears: *wears,
                        cosmetic: *cosmetic,
                    })
                    .collect(),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use support_warranty::domain::country::Country;
    use support_warranty::domain::coverage::Damage;
    use support_warranty::standard::REPAIR_PRICES;
    use support_warranty::standard::prices::prices;

    use super::*;

    #[test]
    fn everything_that_is_sold_has_a_family_of_its_line_and_a_price() {
        let document = REPAIR_PRICES.parse_shipped().unwrap();
        let germany = prices(&document, String::new(), Country::from_code("DE").unwrap());
        for product in products() {
            let family = families().into_iter().find(|one| one.family == product.family).unwrap();
            assert_eq!(family.product_line, product.product_line, "{}", product.model_code);
            assert!(
                germany.of(&product.price_group, None, Damage::None).is_some(),
                "{}",
                product.model_code
            );
            // Every component with a price of its own is one of the model's.
            for (group, component) in germany.known().filter(|(group, _)| *group == product.price_group) {
                let known = |name: &str| product.components.iter().any(|one| one.component == name);
                assert!(component.is_none_or(known), "{group} {component:?}");
            }
        }
    }
}
