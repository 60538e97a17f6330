mod bands;
mod calibration;
mod calls;
mod leases;
mod model;
mod pauses;
mod powers;
mod volatility;
