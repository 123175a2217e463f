; C++ brings files in as C does. A `using` names what such a file declares and is no import.
