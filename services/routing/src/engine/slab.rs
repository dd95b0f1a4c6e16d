//! Things under small numbers, which are given out again.

/// Things under small numbers.
#[derive(Debug)]
pub(super) struct Slab<T> {
    things: Vec<Option<T>>,
    vacant: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self {
            things: Vec::new(),
            vacant: Vec::new(),
        }
    }
}

impl<T> Slab<T> {
    /// Puts a thing under a number that nothing else has.
    pub(super) fn add(&mut self, thing: T) -> u32 {
        if let Some(number) = self.vacant.pop() {
            self.things[number as usize] = Some(thing);
            return number;
        }
        self.things.push(Some(thing));
        number(self.things.len() - 1)
    }

    pub(super) fn take(&mut self, number: u32) -> Option<T> {
        let thing = self.things.get_mut(number as usize)?.take();
        if thing.is_some() {
            self.vacant.push(number);
        }
        thing
    }

    pub(super) fn get(&self, number: u32) -> Option<&T> {
        self.things.get(number as usize)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        self.things.get_mut(number as usize)?.as_mut()
    }

    /// The numbers in use.
    pub(super) fn numbers(&self) -> Vec<u32> {
        let used = self.things.iter().enumerate().filter(|(_, thing)| thing.is_some());
        used.map(|(place, _)| number(place)).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.things.len() - self.vacant.len()
    }
}

/// The place in a list as the number under which it is known. No list here comes near to four thousand million.
pub(super) fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}
