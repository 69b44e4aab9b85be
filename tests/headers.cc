// Has nothing in it: it stands for the headers that are compiled once (CMakeLists.txt).
