/*
 * Positions: what is asked for them, and what is in the resumes of those who apply.
 */
// SPDX-License-Identifier: Apache-2.0
#include "base/attr.h"
#include "cli/demo_texts.h"

const struct demo_role demo_texts_roles[] = {
    { "Backend Engineer (Python)", "Backend engineer", { "python", "sql", "design", "behaviour" },
      { "Python", "FastAPI", "PostgreSQL", "Redis", "Docker", "Celery", "SQLAlchemy", "pytest", "AWS", "REST", "Kafka", "Linux" },
      { "Rebuilt the nightly import of the {product} system: from six hours to eleven minutes.", "Introduced an outbox for messages; lost confirmations went from weekly to none.",
        "Moved 90 customers to a shared installation with row level security.", "Maintained the REST API used by 14 partners; no breaking change in three years.",
        "Mentored two junior engineers.", "On call for {product}, one week in six." } },
    { "Senior Backend Engineer (Payments)", "Software engineer, payments", { "sql", "design", "python", "behaviour" },
      { "PostgreSQL", "Python", "Java", "Idempotency", "Kafka", "Terraform", "ISO 20022", "OAuth 2.0", "Kubernetes", "Observability", "Go", "SQL" },
      { "Designed reconciliation between {product} and three banks; open differences fell below 0.01 percent.", "Led the change of a 400 GB table without downtime.",
        "Wrote the idempotency layer for payment requests.", "Reduced p99 of authorisation from 900 to 140 milliseconds.", "Reviewed the designs of four teams.", "Prepared two PCI audits." } },
    { "Systems Engineer (C)", "Systems programmer", { "c", "design", "sre", "behaviour" },
      { "C", "Linux", "epoll", "gdb", "perf", "Meson", "libFuzzer", "TCP/IP", "POSIX", "Rust", "CMake", "Assembly" },
      { "Wrote the protocol parser of the {product} gateway, fuzzed daily; no memory error in production since.", "Replaced threads by an event loop: 40,000 connections per machine.",
        "Made the code base warning-free under gcc and clang.", "Maintained a stable ABI over seven releases.", "Found and fixed a race in the storage layer after two weeks of tracing.",
        "Ported the product to arm64." } },
    { "Frontend Engineer", "Frontend developer", { "frontend", "design", "behaviour", NULL },
      { "TypeScript", "React", "CSS", "Accessibility", "Vite", "Playwright", "GraphQL", "Web performance", "Node.js", "Figma", "Svelte", "Storybook" },
      { "Brought the LCP of the {product} pages from 4.1 to 1.7 seconds for the median phone.", "Built the component library used by five teams, keyboard first.",
        "Generated the API types from OpenAPI in the build.", "Removed 38 percent of the bundle.", "Ran monthly tests with screen reader users.", "Migrated 200 files to strict TypeScript." } },
    { "Site Reliability Engineer", "Site reliability engineer", { "sre", "sql", "design", "behaviour" },
      { "Kubernetes", "Prometheus", "Terraform", "Linux", "PostgreSQL", "Go", "Ansible", "Grafana", "AWS", "DNS", "Bash", "Incident management" },
      { "Introduced service level objectives for {product}; pages fell from thirty to four a week.", "Made restores a nightly job and measured them: 23 minutes for 400 GB.",
        "Led the response to 40 incidents and wrote the reviews.", "Moved 60 services to a new cluster in four months.", "Automated certificate renewal.", "Cut the cloud bill by a third." } },
    { "Data Engineer", "Data engineer", { "data", "sql", "python", "behaviour" },
      { "SQL", "Python", "Airflow", "dbt", "Spark", "PostgreSQL", "Kafka", "BigQuery", "Data modelling", "Parquet", "Docker", "Great Expectations" },
      { "Built the order pipeline of {product}: idempotent, late events included, 40 million a day.", "Introduced checks before publishing; wrong mornings fell from monthly to one in a year.",
        "Modelled the facts of sales for 30 analysts.", "Agreed on contracts with seven producing teams.", "Deleted personal data on request, provably.", "Cut the warehouse bill in half." } },
    { "Data Scientist", "Data scientist", { "data", "product", "python", "behaviour" },
      { "Python", "pandas", "scikit-learn", "Statistics", "A/B testing", "SQL", "XGBoost", "Causal inference", "Jupyter", "PyTorch", "Forecasting", "Communication" },
      { "Ran 60 experiments on {product} and stopped reading them daily.", "Found the leakage that made the churn model look perfect.", "Forecast demand for 4,000 items; 18 percent less waste.",
        "Taught the product team what an interval is.", "Put the credit model under monitoring.", "Wrote the guidelines for experiments." } },
    { "Product Manager", "Product manager", { "product", "behaviour", NULL, NULL },
      { "Discovery", "Roadmapping", "SQL", "Interviewing", "Analytics", "Stakeholder management", "Pricing", "Prototyping", "Figma", "Writing", "Experimentation", "Agile" },
      { "Led {product} from a spreadsheet to 1,200 paying customers.", "Removed eleven features nobody used.", "Talked with four users a week for two years.",
        "Changed the price model; revenue per customer grew by a fifth.", "Agreed with legal and sales on one release calendar.", "Defined the metric that the company still uses." } },
};

const int demo_texts_nroles = ARRAY_LEN(demo_texts_roles);
