//! Which fields objects have.

use super::number::Wholeness;
use super::reader::Reader;
use super::value::lenient_text;
use super::{Expected, Fields, Head, Read};
use crate::flag::{Flag, FlagKind, Prerequisite, Service, Tag, Variation};
use crate::flag_config::{
    Clause, Distribution, FlagConfig, FlagState, Serve, ServingRule, VariationMap, WeightedVariation,
};
use crate::id::{FlagId, SegmentId, TargetId, VariationId, Version};
use crate::segment::{GroupRule, Segment};
use crate::snapshot::Snapshot;
use crate::target::{Target, TargetName};

type Done = Result<(), Expected>;

impl Read for bool {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        *self = reader.word("true");
        if *self || reader.word("false") || reader.null() { Ok(()) } else { Err(Expected("true or false")) }
    }
}

impl Read for i64 {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        *self = reader.integer(Wholeness::Written)?;
        Ok(())
    }

    fn read_leniently(&mut self, reader: &mut Reader<'_>) -> Done {
        *self = reader.integer(Wholeness::Meant)?;
        Ok(())
    }
}

impl Read for Version {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        self.0.read(reader)
    }
}

impl Read for Box<str> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        if !reader.null() {
            *self = reader.text()?.into();
        }
        Ok(())
    }

    fn read_leniently(&mut self, reader: &mut Reader<'_>) -> Done {
        *self = lenient_text(reader)?;
        Ok(())
    }
}

impl Read for String {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        if !reader.null() {
            *self = reader.text()?.into_owned();
        }
        Ok(())
    }
}

/// Identifiers are text of their own type.
macro_rules! identifiers {
    ($($identifier:ty),*) => {
        $(impl Read for $identifier {
            fn read(&mut self, reader: &mut Reader<'_>) -> Done {
                let mut text = Box::<str>::default();
                text.read(reader)?;
                *self = Self::from_wire(text);
                Ok(())
            }
        })*
    };
}

identifiers!(FlagId, SegmentId, TargetId, VariationId);

impl Read for FlagKind {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        if reader.null() {
            return Ok(());
        }
        *self = match &*reader.text()? {
            "boolean" => Self::Boolean,
            "int" | "number" => Self::Int,
            "string" => Self::String,
            "json" => Self::Json,
            _ => return Err(Expected("a kind of flag before this")),
        };
        Ok(())
    }
}

/// A flag is on when its state says `on`. Whatever else it says, SDKs serve the off variation.
impl Read for FlagState {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        *self = if &*lenient_text(reader)? == "on" { Self::On } else { Self::Off };
        Ok(())
    }
}

impl<T: Read + Default> Read for Vec<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        reader.list(self, T::read)
    }

    fn read_leniently(&mut self, reader: &mut Reader<'_>) -> Done {
        reader.list(self, T::read_leniently)
    }
}

impl<T: Read + Default> Read for Option<T> {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        if reader.null() {
            *self = None;
            return Ok(());
        }
        self.insert(T::default()).read(reader)
    }
}

/// A target's identifier alone, or an object with one.
impl Read for TargetName {
    fn read(&mut self, reader: &mut Reader<'_>) -> Done {
        if reader.peek() == b'"' {
            *self = Self::unnamed(TargetId::from_wire(reader.text()?));
            return Ok(());
        }
        reader.object(self)
    }
}

/// Objects that are empty when they are `null`.
macro_rules! nullable {
    ($($object:ty),*) => {
        $(impl Read for $object {
            fn read(&mut self, reader: &mut Reader<'_>) -> Done {
                if reader.null() { Ok(()) } else { reader.object(self) }
            }
        })*
    };
}

nullable!(
    Clause,
    Distribution,
    FlagConfig,
    GroupRule,
    Prerequisite,
    Segment,
    Serve,
    Service,
    ServingRule,
    Tag,
    Variation,
    VariationMap,
    WeightedVariation
);

/// Declares the fields of objects, how each is read, and which must be there.
macro_rules! objects {
    ($($object:ident $(needs $required:literal)? { $($name:literal => $read:ident $field:ident,)* })*) => {
        $(impl Fields for $object {
            $(fn required(&self) -> Option<&'static str> {
                Some($required)
            })?

            fn field(&mut self, name: &str, reader: &mut Reader<'_>) -> Done {
                match name {
                    $($name => self.$field.$read(reader),)*
                    _ => reader.skip(),
                }
            }
        })*
    };
}

objects! {
    Head {
        "format" => read format,
    }
    Snapshot {
        "version" => read version,
        "flags" => read flags,
        "segments" => read segments,
    }
    Flag needs "identifier" {
        "identifier" => read identifier,
        "name" => read name,
        "description" => read description,
        "kind" => read kind,
        "variations" => read variations,
        "defaultOnVariation" => read default_on_variation,
        "defaultOffVariation" => read default_off_variation,
        "prerequisites" => read prerequisites,
        "permanent" => read permanent,
        "archived" => read archived,
        "tags" => read tags,
        "services" => read services,
        "owner" => read owner,
        "createdAt" => read created_at,
        "modifiedAt" => read modified_at,
    }
    Service {
        "identifier" => read identifier,
        "name" => read name,
    }
    FlagConfig needs "feature" {
        "project" => read project,
        "environment" => read environment,
        "feature" => read feature,
        "state" => read state,
        "kind" => read kind,
        "variations" => read variations,
        "offVariation" => read off_variation,
        "defaultServe" => read default_serve,
        "rules" => read rules,
        "variationToTargetMap" => read variation_to_target_map,
        "prerequisites" => read prerequisites,
        "version" => read version,
    }
    Variation {
        "identifier" => read identifier,
        "name" => read name,
        "description" => read description,
        "value" => read_leniently value,
    }
    Prerequisite {
        "feature" => read feature,
        "variations" => read variations,
    }
    Serve {
        "variation" => read variation,
        "distribution" => read distribution,
    }
    Distribution {
        "bucketBy" => read bucket_by,
        "variations" => read variations,
    }
    WeightedVariation {
        "variation" => read variation,
        "weight" => read_leniently weight,
    }
    ServingRule {
        "ruleId" => read rule_id,
        "priority" => read_leniently priority,
        "clauses" => read clauses,
        "serve" => read serve,
    }
    Clause {
        "id" => read id,
        "attribute" => read attribute,
        "op" => read op,
        "values" => read_leniently values,
        "negate" => read negate,
    }
    VariationMap {
        "variation" => read variation,
        "targets" => read targets,
        "targetSegments" => read target_segments,
    }
    Segment needs "identifier" {
        "identifier" => read identifier,
        "name" => read name,
        "tags" => read tags,
        "included" => read included,
        "excluded" => read excluded,
        "rules" => read rules,
        "servingRules" => read serving_rules,
        "createdAt" => read created_at,
        "modifiedAt" => read modified_at,
        "version" => read version,
    }
    GroupRule {
        "ruleId" => read rule_id,
        "priority" => read_leniently priority,
        "clauses" => read clauses,
    }
    Tag {
        "name" => read name,
        "identifier" => read identifier,
    }
    TargetName {
        "identifier" => read identifier,
        "name" => read name,
    }
    Target {
        "identifier" => read identifier,
        "name" => read name,
        "anonymous" => read anonymous,
        "attributes" => read attributes,
    }
}
