// Matrix exponential in double, for the chain's time steps: computed once at load.
#pragma once

#include <cstddef>
#include <vector>

namespace juncture {

// c = a b for n x n row-major matrices.
std::vector<double> multiply(const std::vector<double>& a, const std::vector<double>& b, std::size_t n);

// e^(a t) by scaling, an 18-term Taylor series and squaring; fixed order, so the same bits everywhere.
std::vector<double> expm(const std::vector<double>& a, double t, std::size_t n);

// The integral over u from 0 to t of e^(a (t - u)) e e^(a u): upper right block of the exponential of [[a, e], [0, a]]
// t, and the derivative of e^(a t) in the direction of e.
std::vector<double> expm_derivative(const std::vector<double>& a, const std::vector<double>& e, double t,
                                    std::size_t n);

}  // namespace juncture
