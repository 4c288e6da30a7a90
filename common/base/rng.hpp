// A small seeded generator whose output is the same on every platform and release, so that a
// recorded seed repeats an arrival schedule or an experiment's order. SplitMix64 (Steele, Lea,
// Flood 2014) seeds and steps it; std::*_distribution is avoided because its output is not
// specified. Not for secrets.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace echotrio {

class Rng {
  public:
    explicit constexpr Rng(std::uint64_t seed) : state_(seed) {}

    constexpr std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

    // Uniform in [0, 1), 53 bits.
    constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

    // Uniform in [0, n); n > 0. Bias below n / 2^64.
    constexpr std::uint64_t below(std::uint64_t n) {
        __extension__ using Wide = unsigned __int128;
        return static_cast<std::uint64_t>((static_cast<Wide>(next()) * n) >> 64);
    }

    // Exponential with mean 1, by inversion; always finite and > 0.
    double exponential() { return -std::log1p(-uniform()); }

    // Standard normal, Box-Muller (one of the pair is thrown away: no hidden state).
    double normal() {
        const double u = 1.0 - uniform();
        return std::sqrt(-2.0 * std::log(u)) * std::cos(6.283185307179586 * uniform());
    }

    // A generator that is independent of this one, for stream `index`.
    constexpr Rng split(std::uint64_t index) const {
        Rng mixed(state_ ^ (index * 0xd1342543de82ef95ULL + 0x2545f4914f6cdd1dULL));
        return Rng(mixed.next());
    }

    template <class T>
    void shuffle(std::vector<T>& items) {
        for (std::size_t i = items.size(); i > 1; --i) {
            std::swap(items[i - 1], items[static_cast<std::size_t>(below(i))]);
        }
    }

  private:
    std::uint64_t state_;
};

}  // namespace echotrio
