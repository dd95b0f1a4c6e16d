//! Makes a model of a script: `train <sentences> <model>`, where the sentences stand one a line, a language's tag and a tab
//! before each. The README says which ones the models in `models/` were made of.

#![expect(clippy::print_stdout, reason = "it says what it has done")]

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fs;

use support_languages::grams;
use support_languages::model::{Model, SCALE};

/// How often, on average, a piece of each sentence is looked at.
const LOOKS: usize = 12;
/// The lengths of the pieces, in words.
const LENGTHS: [usize; 9] = [1, 2, 3, 4, 5, 6, 8, 10, 14];
/// The rate of learning.
const RATE: f32 = 0.1;
/// Runs that are rarer stay out.
const RAREST: u32 = 3;

/// A sentence: its class, and the runs of each of its words.
struct Sentence {
    class: usize,
    words: Vec<Vec<usize>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: train <sentences> <model> <least weight>";
    let [sentences, model, least] = [(); 3].map(|()| arguments.next());
    let text = fs::read_to_string(sentences.ok_or(usage)?)?;
    let least: f32 = least.ok_or(usage)?.parse()?;
    let (languages, runs, sentences) = read(&text);
    println!(
        "{} languages, {} sentences, {} runs",
        languages.len(),
        sentences.len(),
        runs.len()
    );
    let weights = learn(languages.len(), runs.len(), &sentences);
    let kept = prune(&languages, &runs, &weights, least);
    let file = Model::write(&languages, &kept).ok_or("too many classes")?;
    println!("{} runs kept, {} bytes", kept.len(), file.len());
    fs::write(model.ok_or(usage)?, file)?;
    Ok(())
}

/// The languages, the hash of each run, and the sentences.
fn read(text: &str) -> (Vec<String>, Vec<u32>, Vec<Sentence>) {
    let lines: Vec<(&str, Vec<Vec<u32>>)> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(tag, sentence)| (tag, runs_of(sentence)))
        .filter(|(_, words)| !words.is_empty())
        .collect();
    let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
    for run in lines.iter().flat_map(|(_, words)| words.iter().flatten()) {
        *counts.entry(*run).or_default() += 1;
    }
    let runs: Vec<u32> = counts
        .into_iter()
        .filter(|(_, count)| *count >= RAREST)
        .map(|(run, _)| run)
        .collect();
    let places: HashMap<u32, usize> = runs.iter().enumerate().map(|(place, run)| (*run, place)).collect();
    let mut languages: Vec<String> = lines.iter().map(|(tag, _)| (*tag).to_owned()).collect();
    languages.sort_unstable();
    languages.dedup();
    let sentences = lines
        .iter()
        .filter_map(|(tag, words)| {
            let class = languages.iter().position(|language| language == tag)?;
            let words = words
                .iter()
                .map(|runs| runs.iter().filter_map(|run| places.get(run).copied()).collect())
                .collect();
            Some(Sentence { class, words })
        })
        .collect();
    (languages, runs, sentences)
}

fn runs_of(sentence: &str) -> Vec<Vec<u32>> {
    grams::words(sentence)
        .iter()
        .map(|word| {
            let mut runs = Vec::new();
            grams::each(word, |run| runs.push(run));
            runs
        })
        .collect()
}

/// `AdaGrad` over the logistic loss of pieces drawn at random: the weights, class by class for each run.
fn learn(classes: usize, runs: usize, sentences: &[Sentence]) -> Vec<f32> {
    let mut weights = vec![0.0_f32; runs * classes];
    let mut squares = vec![1e-6_f32; runs * classes];
    // Always the same draws: who runs it again gets the same model.
    let mut state = 88_172_645_463_325_252_u64;
    let mut below = |end: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(end).unwrap_or(1)).unwrap_or_default()
    };
    for _ in 0..sentences.len() * LOOKS {
        let sentence = &sentences[below(sentences.len())];
        let length = LENGTHS[below(LENGTHS.len())];
        let start = below(sentence.words.len());
        let end = (start + length).min(sentence.words.len());
        let piece: Vec<usize> = sentence.words[start..end].iter().flatten().copied().collect();
        let mut errors = vec![0.0_f32; classes];
        for run in &piece {
            for (error, weight) in errors.iter_mut().zip(&weights[run * classes..]) {
                *error += weight;
            }
        }
        let best = errors.iter().copied().fold(f32::MIN, f32::max);
        for error in &mut errors {
            *error = (*error - best).exp();
        }
        let all: f32 = errors.iter().sum();
        for error in &mut errors {
            *error /= all;
        }
        errors[sentence.class] -= 1.0;
        for run in piece {
            for (class, error) in errors.iter().enumerate().filter(|(_, error)| error.abs() > 1e-4) {
                let place = run * classes + class;
                squares[place] += error * error;
                weights[place] -= RATE * error / squares[place].sqrt();
            }
        }
    }
    weights
}

/// What tells enough. Only differences between classes count, so the middle one of each run is made zero.
fn prune(languages: &[String], runs: &[u32], weights: &[f32], least: f32) -> Vec<(u32, Vec<(u8, i8)>)> {
    let kept = runs.iter().zip(weights.chunks(languages.len())).map(|(run, weights)| {
        let mut ordered = weights.to_vec();
        ordered.sort_unstable_by(f32::total_cmp);
        let middle = ordered[ordered.len() / 2];
        let kept = weights
            .iter()
            .enumerate()
            .map(|(class, weight)| (class, weight - middle))
            .filter(|(_, weight)| weight.abs() >= least)
            .filter_map(|(class, weight)| Some((u8::try_from(class).ok()?, byte(weight))))
            .collect();
        (*run, kept)
    });
    kept.filter(|(_, weights): &(u32, Vec<(u8, i8)>)| !weights.is_empty())
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is brought into the range of a byte before"
)]
fn byte(weight: f32) -> i8 {
    (weight * SCALE).round().clamp(-127.0, 127.0) as i8
}
