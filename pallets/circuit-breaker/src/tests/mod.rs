mod bands;
mod calibration;
mod calls;
mod leases;
mod model;
