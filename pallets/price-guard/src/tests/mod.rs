mod average;
mod calls;
mod marks;
mod model;
mod rounds;
mod silence;
