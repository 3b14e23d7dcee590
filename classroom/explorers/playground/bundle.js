// Generated from classroom/explorers/playground/*.js by `make explorers`.
(()=>{var e=`.pg { margin: 1rem 0; }
`;var n=document.getElementById("playground");n&&document.head.append(Object.assign(document.createElement("style"),{textContent:e}));})();
