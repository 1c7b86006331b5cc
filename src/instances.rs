//! What the configuration says of single instances. What it leaves open, the general settings say.

use std::collections::HashMap;

use crate::business::{Holidays, Hours};
use crate::dialects::Provider;
use crate::zone::Zone;

/// The settings of one instance, of one provider or of whichever has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The name, as sessions have it.
    pub name: String,
    /// The provider, if only that one's instance is meant.
    pub provider: Option<Provider>,
    /// The team of its sessions whose agent is in none.
    pub team: Option<String>,
    /// The zone of its business hours and its days.
    pub zone: Option<Zone>,
    /// Its business hours.
    pub hours: Option<Hours>,
    /// Its dates without business hours, instead of the general ones.
    pub holidays: Option<Holidays>,
}

/// Settings by instance.
#[derive(Clone, Debug, Default)]
pub struct Instances {
    all: Vec<Instance>,
    /// Places in `all`: those that name a provider first.
    by_name: HashMap<String, Vec<usize>>,
}

impl FromIterator<Instance> for Instances {
    fn from_iter<I: IntoIterator<Item = Instance>>(instances: I) -> Self {
        let mut res = Self { all: instances.into_iter().collect(), ..Self::default() };
        for (place, it) in res.all.iter().enumerate() {
            res.by_name.entry(it.name.clone()).or_default().push(place);
        }
        for places in res.by_name.values_mut() {
            places.sort_by_key(|it| res.all[*it].provider.is_none());
        }
        res
    }
}

impl Instances {
    /// The settings of a provider's instance: those that name the provider, else those that name none.
    pub fn of(&self, provider: Provider, instance: &str) -> Option<&Instance> {
        let places = self.by_name.get(instance)?.iter();
        places.map(|it| &self.all[*it]).find(|it| it.provider.is_none_or(|it| it == provider))
    }

    /// All of them, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = &Instance> {
        self.all.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_names_the_provider_comes_first_wherever_it_stands() {
        let [wawp, wazzap] = ["wawp", "wazzap"].map(|it| Provider::named(it).unwrap());
        let instance = |provider, team: &str| Instance {
            name: "front".into(),
            provider,
            team: Some(team.into()),
            ..Instance::default()
        };
        for order in [[0, 1], [1, 0]] {
            let both = [instance(None, "any"), instance(Some(wazzap), "wazzap")];
            let instances: Instances = order.into_iter().map(|it| both[it].clone()).collect();
            let team = |provider, name| instances.of(provider, name).and_then(|it| it.team.as_deref());
            assert_eq!(team(wazzap, "front"), Some("wazzap"));
            assert_eq!(team(wawp, "front"), Some("any"));
            assert_eq!(team(wawp, "Front"), None);
            assert!(!instances.is_empty());
        }
        assert!(Instances::default().is_empty());
    }

    #[test]
    fn entries_are_gone_through_in_the_order_in_which_they_were_given() {
        let entry = |(name, provider): (&str, Option<&str>)| Instance {
            name: name.into(),
            provider: provider.and_then(Provider::named),
            ..Instance::default()
        };
        let given = [("night", None), ("front", Some("wawp")), ("day", Some("wazzap")), ("front", None)];
        let instances: Instances = given.into_iter().map(entry).collect();
        assert!(instances.iter().eq(&given.map(entry)));
    }
}
