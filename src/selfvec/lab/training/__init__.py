"""Models trained on a text alone, as `selfvec.refinement.training` names them."""
