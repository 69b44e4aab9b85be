import { MutationCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";

import { worthRetrying } from "./api/client.ts";
import { refresh } from "./api/queries.ts";
import { Toasts } from "./components/toasts.tsx";
import { applyTheme, chosenTheme } from "./lib/theme.ts";
import { Gate } from "./pages/gate.tsx";
import { makeRouter } from "./router.tsx";
import "./styles/base.css";
import "./styles/components.css";

applyTheme(chosenTheme());

const queries = new QueryClient({
  defaultOptions: { queries: { retry: worthRetrying, staleTime: 5_000, refetchOnWindowFocus: true } },
  // Whatever was changed, every list and count on the page may be another one now.
  mutationCache: new MutationCache({ onSettled: () => void refresh(queries) }),
});
const router = makeRouter();

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <Toasts>
          <Gate>
            <RouterProvider router={router} />
          </Gate>
        </Toasts>
      </QueryClientProvider>
    </StrictMode>,
  );
