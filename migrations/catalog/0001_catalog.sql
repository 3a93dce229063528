-- Materials, kinds of labour, what vendors offer of them, what is kept for orders, and the dated tax table.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE categories (
    id            uuid PRIMARY KEY,
    name          varchar(100) NOT NULL CHECK (name <> ''),
    slug          varchar(100) NOT NULL CONSTRAINT categories_slug UNIQUE
                  CONSTRAINT categories_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    parent_id     uuid,
    type          text NOT NULL CHECK (type IN ('material', 'labor')),
    icon_url      varchar(512),
    display_order integer NOT NULL DEFAULT 0,
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    CONSTRAINT categories_id_and_type UNIQUE (id, type),
    -- A sub-category is of its parent's type.
    CONSTRAINT categories_parent FOREIGN KEY (parent_id, type) REFERENCES categories (id, type),
    CONSTRAINT categories_not_its_own_parent CHECK (parent_id <> id)
);
CREATE INDEX categories_by_parent ON categories (parent_id);

CREATE TABLE materials (
    id                 uuid PRIMARY KEY,
    category_id        uuid NOT NULL,
    category_type      text NOT NULL DEFAULT 'material' CHECK (category_type = 'material'),
    name               varchar(255) NOT NULL CHECK (name <> ''),
    description        text,
    sku                varchar(50) CONSTRAINT materials_sku UNIQUE,
    base_price         numeric(12,2) NOT NULL CHECK (base_price > 0),
    unit               text NOT NULL
                       CHECK (unit IN ('kg', 'tonne', 'bag', 'cubic_meter', 'cubic_feet', 'square_meter', 'piece', 'litre')),
    min_order_quantity numeric(12,3) NOT NULL DEFAULT 1 CHECK (min_order_quantity > 0),
    image_urls         jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(image_urls) = 'array'),
    specifications     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(specifications) = 'object'),
    hsn_code           text NOT NULL CHECK (hsn_code ~ '^[0-9]{4,8}$'),
    price_band_percent numeric(5,2) NOT NULL DEFAULT 15 CHECK (price_band_percent BETWEEN 0 AND 100),
    is_active          boolean NOT NULL DEFAULT true,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    search_text        text NOT NULL GENERATED ALWAYS AS (
        lower(name || ' ' || coalesce(sku, '') || ' ' || coalesce(specifications ->> 'brand', '') || ' '
              || coalesce(description, ''))) STORED,
    CONSTRAINT materials_category FOREIGN KEY (category_id, category_type) REFERENCES categories (id, type)
);
CREATE INDEX materials_by_name ON materials (name, id) WHERE is_active;
CREATE INDEX materials_by_price ON materials (base_price, id) WHERE is_active;
CREATE INDEX materials_by_category ON materials (category_id, name, id) WHERE is_active;
CREATE INDEX materials_by_text ON materials USING gin (search_text gin_trgm_ops);

CREATE TABLE labor_categories (
    id                 uuid PRIMARY KEY,
    category_id        uuid NOT NULL,
    category_type      text NOT NULL DEFAULT 'labor' CHECK (category_type = 'labor'),
    name               varchar(255) NOT NULL CHECK (name <> ''),
    slug               varchar(100) NOT NULL CONSTRAINT labor_categories_slug UNIQUE
                       CONSTRAINT labor_categories_slug_form CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
    description        text,
    hourly_rate        numeric(12,2) CHECK (hourly_rate > 0),
    daily_rate         numeric(12,2) CHECK (daily_rate > 0),
    min_hours          numeric(12,3) NOT NULL DEFAULT 4 CHECK (min_hours > 0 AND min_hours <= 24),
    skills_required    jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(skills_required) = 'array'),
    image_url          varchar(512),
    sac_code           text NOT NULL CHECK (sac_code ~ '^99[0-9]{2,4}$'),
    price_band_percent numeric(5,2) NOT NULL DEFAULT 15 CHECK (price_band_percent BETWEEN 0 AND 100),
    is_active          boolean NOT NULL DEFAULT true,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    search_text        text NOT NULL GENERATED ALWAYS AS (lower(name || ' ' || coalesce(description, ''))) STORED,
    CONSTRAINT labor_categories_category FOREIGN KEY (category_id, category_type) REFERENCES categories (id, type),
    CONSTRAINT labor_categories_has_a_rate CHECK (hourly_rate IS NOT NULL OR daily_rate IS NOT NULL)
);
CREATE INDEX labor_categories_by_name ON labor_categories (name, id) WHERE is_active;
CREATE INDEX labor_categories_by_category ON labor_categories (category_id, name, id) WHERE is_active;
CREATE INDEX labor_categories_by_text ON labor_categories USING gin (search_text gin_trgm_ops);

CREATE TABLE vendor_inventory (
    id                  uuid PRIMARY KEY,
    vendor_id           uuid NOT NULL,
    material_id         uuid NOT NULL CONSTRAINT vendor_inventory_material REFERENCES materials (id),
    is_available        boolean NOT NULL DEFAULT true,
    stock_quantity      numeric(12,3) NOT NULL CHECK (stock_quantity >= 0),
    reserved_quantity   numeric(12,3) NOT NULL DEFAULT 0,
    vendor_price        numeric(12,2) CHECK (vendor_price > 0),
    min_order_quantity  numeric(12,3) CHECK (min_order_quantity > 0),
    low_stock_threshold numeric(12,3) CHECK (low_stock_threshold >= 0),
    -- Whether the vendor was told that it ran low; taken back when it is above the limit again.
    is_low              boolean NOT NULL DEFAULT false,
    version             bigint NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT vendor_inventory_once UNIQUE (vendor_id, material_id),
    -- Nobody sells what is kept for somebody else, and never more than there is.
    CONSTRAINT vendor_inventory_reserved CHECK (reserved_quantity >= 0 AND reserved_quantity <= stock_quantity)
);
CREATE INDEX vendor_inventory_by_material ON vendor_inventory (material_id, vendor_id) WHERE is_available;

CREATE TABLE vendor_labor_availability (
    id                 uuid PRIMARY KEY,
    vendor_id          uuid NOT NULL,
    labor_category_id  uuid NOT NULL CONSTRAINT vendor_labor_category REFERENCES labor_categories (id),
    is_available       boolean NOT NULL DEFAULT true,
    available_workers  integer NOT NULL DEFAULT 1 CHECK (available_workers >= 0),
    reserved_workers   integer NOT NULL DEFAULT 0,
    vendor_hourly_rate numeric(12,2) CHECK (vendor_hourly_rate > 0),
    vendor_daily_rate  numeric(12,2) CHECK (vendor_daily_rate > 0),
    version            bigint NOT NULL DEFAULT 1,
    created_at         timestamptz NOT NULL,
    updated_at         timestamptz NOT NULL,
    CONSTRAINT vendor_labor_once UNIQUE (vendor_id, labor_category_id),
    CONSTRAINT vendor_labor_reserved CHECK (reserved_workers >= 0 AND reserved_workers <= available_workers)
);
CREATE INDEX vendor_labor_by_category ON vendor_labor_availability (labor_category_id, vendor_id) WHERE is_available;

-- Both ends are Indian days and belong to the period; no end means until further notice.
CREATE TABLE gst_rates (
    id         uuid PRIMARY KEY,
    tax_code   text NOT NULL CHECK (tax_code ~ '^[0-9]{4,8}$'),
    scheme     text NOT NULL CHECK (scheme IN ('regular', 'composition', 'unregistered')),
    rate       numeric(5,2) NOT NULL CHECK (rate BETWEEN 0 AND 100),
    valid_from date NOT NULL,
    valid_to   date,
    source     text NOT NULL,
    CONSTRAINT gst_rates_period CHECK (valid_to >= valid_from),
    CONSTRAINT gst_rates_only_registered_charge CHECK (scheme = 'regular' OR rate = 0),
    CONSTRAINT gst_rates_from UNIQUE (tax_code, scheme, valid_from),
    CONSTRAINT gst_rates_no_overlap EXCLUDE USING gist
        (tax_code WITH =, scheme WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

-- What vendor-management says of vendors; an older revision never overwrites a newer one.
CREATE TABLE vendors (
    vendor_id           uuid PRIMARY KEY,
    business_name       text NOT NULL,
    status              text NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'blocked')),
    is_accepting_orders boolean NOT NULL,
    latitude            double precision,
    longitude           double precision,
    service_radius_km   double precision,
    service_pincodes    text[] NOT NULL DEFAULT '{}',
    revision            bigint NOT NULL,
    updated_at          timestamptz NOT NULL
);

-- One a order. A row that was released before it was made has no vendor and no lines: it keeps the order from reserving.
CREATE TABLE stock_reservations (
    order_id   uuid PRIMARY KEY,
    vendor_id  uuid,
    status     text NOT NULL CHECK (status IN ('active', 'committed', 'released', 'expired')),
    -- No end: kept until the order ends, because its vendor has confirmed it.
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    ended_at   timestamptz,
    CONSTRAINT stock_reservations_end CHECK ((status = 'active') = (ended_at IS NULL)),
    CONSTRAINT stock_reservations_vendor CHECK (vendor_id IS NOT NULL OR status = 'released')
);
CREATE INDEX stock_reservations_active ON stock_reservations (expires_at) WHERE status = 'active';

CREATE TABLE stock_reservation_lines (
    order_id              uuid NOT NULL REFERENCES stock_reservations (order_id),
    inventory_id          uuid REFERENCES vendor_inventory (id),
    labor_availability_id uuid REFERENCES vendor_labor_availability (id),
    item_id               uuid NOT NULL,
    -- Of a material its own unit; of labour, workers.
    quantity              numeric(12,3) NOT NULL CHECK (quantity > 0),
    CONSTRAINT stock_reservation_lines_of_one CHECK (num_nonnulls(inventory_id, labor_availability_id) = 1),
    CONSTRAINT stock_reservation_lines_material UNIQUE (order_id, inventory_id),
    CONSTRAINT stock_reservation_lines_labor UNIQUE (order_id, labor_availability_id)
);
CREATE INDEX stock_reservation_lines_by_inventory ON stock_reservation_lines (inventory_id);
CREATE INDEX stock_reservation_lines_by_labor ON stock_reservation_lines (labor_availability_id);

-- Materials and labour of a vendor in one shape, as the vendor sees them.
CREATE VIEW vendor_offers AS
SELECT o.id, o.vendor_id, 'material' AS item_type, o.material_id AS item_id, m.name, m.category_id, m.is_active,
       m.unit, m.price_band_percent, m.base_price, o.vendor_price,
       o.stock_quantity, o.reserved_quantity,
       coalesce(o.min_order_quantity, m.min_order_quantity) AS min_order_quantity, o.low_stock_threshold,
       NULL::numeric(12,2) AS hourly_rate, NULL::numeric(12,2) AS vendor_hourly_rate,
       NULL::numeric(12,2) AS daily_rate, NULL::numeric(12,2) AS vendor_daily_rate,
       NULL::integer AS available_workers, NULL::integer AS reserved_workers, NULL::numeric(12,3) AS min_hours,
       o.is_available, o.version, o.updated_at
  FROM vendor_inventory o JOIN materials m ON m.id = o.material_id
UNION ALL
SELECT o.id, o.vendor_id, 'labor', o.labor_category_id, l.name, l.category_id, l.is_active,
       NULL, l.price_band_percent, NULL, NULL,
       NULL, NULL,
       NULL, NULL,
       l.hourly_rate, o.vendor_hourly_rate,
       l.daily_rate, o.vendor_daily_rate,
       o.available_workers, o.reserved_workers, l.min_hours,
       o.is_available, o.version, o.updated_at
  FROM vendor_labor_availability o JOIN labor_categories l ON l.id = o.labor_category_id;
