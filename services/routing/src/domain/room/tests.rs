use proptest::prelude::*;
use support_chassis::clock::Clock;
use support_chassis::id::Ids;
use time::macros::datetime;

use super::*;

const NOW: OffsetDateTime = datetime!(2026-03-02 08:00 UTC);

fn book(capacity: i32) -> Book {
    let ids = Ids::seeded("eu".parse().unwrap(), Clock::manual(NOW).0, 7);
    Book::new(ids.next(), capacity, NOW)
}

fn all_but(without: &[Channel]) -> Channels {
    let channels = Channel::ALL.iter().copied();
    channels.filter(|channel| !without.contains(channel)).collect()
}

#[test]
fn a_call_takes_everything_and_letters_mix_with_chats() {
    let free = book(6);
    assert_eq!(free.room(), all_but(&[]));
    let (on_the_phone, weight) = free.taking(Channel::Phone).unwrap();
    assert_eq!((on_the_phone.room().is_empty(), weight), (true, 6));
    let (writing, _) = free.taking(Channel::Email).unwrap();
    assert_eq!(writing.room(), all_but(&[Channel::Phone, Channel::Store]));
    let (chatting, _) = writing.taking(Channel::Chat).unwrap();
    let (full, _) = chatting.taking(Channel::App).unwrap();
    assert_eq!(full.load, 5);
    assert_eq!(full.room(), [Channel::Email, Channel::Social].into_iter().collect());
    assert_eq!(book(40).taking(Channel::Store).unwrap().1, 40);
}

#[test]
fn what_is_not_answered_has_no_room_and_what_does_not_mix_is_kept_apart() {
    let shares = [
        (Channel::Phone, Share::Units(4)),
        (Channel::Email, Share::Units(1)),
        (Channel::Chat, Share::Units(1)),
    ];
    let mut book = book(6);
    book.sharing = Sharing::new(&shares, &[(Channel::Phone, Channel::Email)]);
    assert_eq!(
        book.room(),
        [Channel::Phone, Channel::Email, Channel::Chat].into_iter().collect()
    );
    let (on_the_phone, _) = book.taking(Channel::Phone).unwrap();
    assert_eq!(on_the_phone.room(), [Channel::Email].into_iter().collect());
    let (writing, _) = book.taking(Channel::Email).unwrap();
    assert_eq!(writing.room(), [Channel::Phone, Channel::Email].into_iter().collect());
}

#[test]
fn what_is_held_must_be_held_as_well_by_other_rules() {
    let (one, _) = book(6).taking(Channel::Chat).unwrap();
    let (two, _) = one.taking(Channel::Email).unwrap();
    assert_eq!(two.reshared(2, Sharing::default()), None, "three are held");
    let shares = [(Channel::Chat, Share::Units(3)), (Channel::Email, Share::Units(3))];
    assert_eq!(
        two.reshared(6, Sharing::new(&shares, &[])),
        None,
        "they are held together"
    );
    let apart = Sharing::new(&shares, &[(Channel::Email, Channel::Chat)]);
    let reshared = two.reshared(6, apart).unwrap();
    assert_eq!(
        (reshared.load, reshared.room()),
        (3, [Channel::Chat, Channel::Email].into_iter().collect())
    );
}

#[test]
fn the_schema_packs_the_default_alike() {
    let usual = Sharing::default();
    let schema = include_str!("../../../migrations/20261123000000_capacity_by_channel.sql");
    for packed in [usual.packed_shares(), i64::from(usual.packed_apart())] {
        assert!(schema.contains(&format!("default {packed}")), "{packed}");
    }
}

pub(crate) fn any_sharing() -> impl Strategy<Value = Sharing> {
    let share = proptest::option::weighted(
        0.8,
        prop_oneof![1 => Just(Share::Whole), 3 => (1..=7_u8).prop_map(Share::Units)],
    );
    (proptest::collection::vec(share, COUNT), 0..1_i32 << 15).prop_map(|(shares, apart)| {
        let channels = Channel::ALL.iter().copied();
        let shares: Vec<_> = channels
            .zip(shares)
            .filter_map(|(channel, share)| Some((channel, share?)))
            .collect();
        let pairs: Vec<_> = pairs()
            .zip(0..)
            .filter(|(_, bit)| apart >> bit & 1 == 0)
            .map(|(pair, _)| pair)
            .collect();
        Sharing::new(&shares, &pairs)
    })
}

proptest! {
    #[test]
    fn what_is_packed_comes_out_as_it_was(sharing in any_sharing()) {
        let back = Sharing::unpacked(sharing.packed_shares(), sharing.packed_apart());
        prop_assert_eq!(back, sharing);
    }

    #[test]
    fn whatever_is_taken_leaves_no_more_room_and_comes_back(
        sharing in any_sharing(),
        capacity in 1..20_i32,
        taken in proptest::collection::vec(proptest::sample::select(Channel::ALL), 0..20),
    ) {
        let empty = Book { sharing, ..book(capacity) };
        let (mut now, mut done) = (empty, Vec::new());
        for channel in taken {
            let Some((after, weight)) = now.taking(channel) else {
                prop_assert!(!now.room().has(channel));
                continue;
            };
            prop_assert!(now.room().has(channel) && after.load <= capacity);
            prop_assert!(after.room().without(now.room()).is_empty());
            prop_assert_eq!(Held::unpacked(after.held.packed()), after.held);
            for (one, other) in pairs() {
                prop_assert!(sharing.mix(one, other) || after.held.of(one) == 0 || after.held.of(other) == 0);
            }
            now = after;
            done.push((channel, weight));
        }
        for (channel, weight) in done {
            now = now.giving_back(channel, weight, NOW);
        }
        prop_assert_eq!(now, empty);
    }
}
