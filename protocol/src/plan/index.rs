//! Places in a plan: of a step among its steps, of a unit among its units. Both are numbers, and neither is the other.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place from 0, as JSON a number.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The place with this number, from 0.
            pub fn new(number: u32) -> Self {
                Self(number)
            }

            /// As an index.
            pub fn at(self) -> usize {
                self.0 as usize
            }

            /// All places, in order.
            pub fn each() -> impl Iterator<Item = Self> {
                (0_u32..).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

index!(
    /// A step's place in [`Plan::steps`](super::Plan::steps).
    StepIndex
);
index!(
    /// A unit's place in [`Units::all`](super::Units::all).
    UnitIndex
);
