"use strict";

// The socket sends the headers of the header pane when it connects, so it is made anew when they change.
const socketUrl = location.href.split(/[?#]/)[0].replace(/^http/, "ws");
let socket = null;
let socketHeaders = "";

function socketFor(headers) {
  const wanted = JSON.stringify(headers);
  if (socket === null || socketHeaders !== wanted) {
    if (socket !== null) socket.dispose();
    socketHeaders = wanted;
    socket = graphqlWs.createClient({ url: socketUrl, connectionParams: headers });
  }
  return socket;
}

function fetcher(request, options) {
  const headers = (options && options.headers) || {};
  return GraphiQL.createFetcher({ url: "graphql", wsClient: socketFor(headers) })(request, options);
}

const firstQuery = `# Mã truy cập: dán vào ô Headers bên dưới.
# Access token: paste it into the Headers pane below. Locally: ansinh token --as province-officer
query People {
  searchPeople(q: "Nguyễn", first: 5) {
    edges { node { id fullName birthDate commune { name provinceName } } }
    pageInfo { hasNextPage endCursor }
  }
}
`;

ReactDOM.createRoot(document.getElementById("page")).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultQuery: firstQuery,
    defaultHeaders: JSON.stringify({ Authorization: "Bearer ", "Accept-Language": "vi" }, null, 2),
    defaultEditorToolsVisibility: "headers",
    shouldPersistHeaders: false,
  }),
);
