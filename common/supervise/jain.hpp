// Jain's index of some shares (Jain, Chiu and Hawe 1984): 1 when all are the same, 1/n when one of
// n has everything.
#pragma once

namespace echotrio::supervise {

class Jain {
  public:
    void add(double share) noexcept {
        ++count_;
        sum_ += share;
        squares_ += share * share;
    }
    double index() const noexcept { return squares_ > 0 ? sum_ * sum_ / (count_ * squares_) : 1; }

  private:
    double count_ = 0, sum_ = 0, squares_ = 0;
};

}  // namespace echotrio::supervise
