"""What must hold: rules over files, values, shapes and stores."""
