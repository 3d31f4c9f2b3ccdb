"""Models trained on a text alone, as `selfvec.refinement.inputs` names them."""
