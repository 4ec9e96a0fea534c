//! What an environment can have served: anybody with a key of it may report anything, and a browser's key
//! is public. Counts of what does not exist would be rows without end.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use model::{EnvironmentUuid, Error};
use platform::Db;
use serde::Deserialize;
use store::{EvaluationCount, Kind};

/// The variations of each flag, for the environments that reports were about.
#[derive(Default)]
pub(crate) struct Served {
    environments: HashMap<EnvironmentUuid, HashMap<String, HashSet<String>>>,
}

#[derive(Deserialize)]
struct ConfigHead<'a> {
    #[serde(borrow, default)]
    variations: Vec<VariationHead<'a>>,
}

#[derive(Deserialize)]
struct VariationHead<'a> {
    #[serde(borrow)]
    identifier: Cow<'a, str>,
}

impl Served {
    /// Keeps the counts of variations that exist. Returns how many it took away.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn keep(
        &mut self,
        db: &dyn Db,
        environment: &EnvironmentUuid,
        counts: &mut Vec<EvaluationCount>,
    ) -> Result<usize, Error> {
        if counts.is_empty() {
            return Ok(0);
        }
        if !self.environments.contains_key(environment) {
            self.environments.insert(environment.clone(), variations_of(db, environment).await?);
        }
        let Some(flags) = self.environments.get(environment) else { return Ok(0) };
        let reported = counts.len();
        counts.retain(|count| {
            flags.get(&count.flag).is_some_and(|variations| variations.contains(&count.variation))
        });
        Ok(reported - counts.len())
    }
}

async fn variations_of(
    db: &dyn Db,
    environment: &EnvironmentUuid,
) -> Result<HashMap<String, HashSet<String>>, Error> {
    let configs = store::current_bodies(db, environment.as_str(), Kind::FlagConfig).await?;
    let variations = |body: &str| -> Result<HashSet<String>, Error> {
        let head: ConfigHead<'_> = serde_json::from_str(body).map_err(Error::internal)?;
        Ok(head.variations.into_iter().map(|variation| variation.identifier.into_owned()).collect())
    };
    let read = |config: store::CurrentObject| Some((config.identifier, config.body?));
    configs.into_iter().filter_map(read).map(|(flag, body)| Ok((flag, variations(&body)?))).collect()
}
