-- Search: what people look for, as words; what they may narrow a list down by; the words there are, to correct typing errors.

-- Text as search sees it: small letters, no punctuation but the point inside a number, `8mm` as `8 mm`, `1,000` as `1000`.
-- The service does the same to what is looked for (services/catalog/src/domain/words.rs).
CREATE FUNCTION search_normal(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(
               translate(lower(said), E'-_/\\()[]{}<>;:!?"''`~@#$%^&*+=|×', repeat(' ', 40)),
               '([0-9]),([0-9]{3})(?![0-9])', '\1\2', 'g'),
               '\.(?![0-9])|(?<![0-9])\.|,', ' ', 'g'),
               '([0-9])([^0-9. ])', '\1 \2', 'g'),
               '([^0-9. ])([0-9])', '\1 \2', 'g')
$$;

-- What a category and all above it are called.
CREATE FUNCTION category_words(category uuid) RETURNS text LANGUAGE sql STABLE AS $$
    WITH RECURSIVE path AS (
        SELECT id, parent_id, name FROM categories WHERE id = category
        UNION SELECT c.id, c.parent_id, c.name FROM categories c JOIN path p ON c.id = p.parent_id
    ) SELECT coalesce(string_agg(name, ' '), '') FROM path
$$;

-- The words of several texts.
CREATE FUNCTION search_doc(VARIADIC said text[]) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('english', search_normal(array_to_string(said, ' ')))
$$;

DROP INDEX materials_by_text;
ALTER TABLE materials DROP COLUMN search_text;
ALTER TABLE materials
    -- What a name says, what it says with its kind, brand and codes, and all that is said: what is found by the first comes
    -- before what is only found by the second or third. One column each, so that the planner knows how common a word is in it.
    ADD COLUMN name_doc tsvector NOT NULL DEFAULT '',
    ADD COLUMN kind_doc tsvector NOT NULL DEFAULT '',
    ADD COLUMN doc tsvector NOT NULL DEFAULT '',
    -- The order of what fits equally well. It has nothing to do with the words, so that going along it meets the next row
    -- that fits soon, wherever in the alphabet or in time that row is.
    ADD COLUMN shuffle integer NOT NULL GENERATED ALWAYS AS (hashtextextended(id::text, 0)::bit(32)::integer) STORED,
    -- `key=value` of each plain specification, in small letters to be looked for, and the values as they are written.
    ADD COLUMN facets text[] NOT NULL DEFAULT '{}',
    ADD COLUMN facet_labels text[] NOT NULL DEFAULT '{}';
DROP INDEX labor_categories_by_text;
ALTER TABLE labor_categories DROP COLUMN search_text;
ALTER TABLE labor_categories
    ADD COLUMN name_doc tsvector NOT NULL DEFAULT '',
    ADD COLUMN kind_doc tsvector NOT NULL DEFAULT '',
    ADD COLUMN doc tsvector NOT NULL DEFAULT '',
    ADD COLUMN shuffle integer NOT NULL GENERATED ALWAYS AS (hashtextextended(id::text, 0)::bit(32)::integer) STORED;

CREATE FUNCTION materials_search() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    codes text;
BEGIN
    SELECT coalesce(array_agg(lower(key || '=' || value) ORDER BY key), '{}'), coalesce(array_agg(value ORDER BY key), '{}'),
           coalesce(string_agg(value, ' ' ORDER BY key), '')
      INTO NEW.facets, NEW.facet_labels, codes
      FROM jsonb_each_text(NEW.specifications)
     WHERE jsonb_typeof(NEW.specifications -> key) IN ('string', 'number', 'boolean')
       AND length(key) BETWEEN 1 AND 40 AND length(value) BETWEEN 1 AND 100;
    NEW.name_doc := search_doc(NEW.name);
    NEW.kind_doc := search_doc(NEW.name, category_words(NEW.category_id), NEW.sku, codes);
    NEW.doc := NEW.kind_doc || search_doc(NEW.description);
    RETURN NEW;
END $$;
CREATE TRIGGER materials_search BEFORE INSERT OR UPDATE OF name, sku, description, specifications, category_id ON materials
    FOR EACH ROW EXECUTE FUNCTION materials_search();

CREATE FUNCTION labor_categories_search() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.name_doc := search_doc(NEW.name);
    NEW.kind_doc := search_doc(NEW.name, category_words(NEW.category_id), NEW.slug,
        (SELECT string_agg(skill, ' ') FROM jsonb_array_elements_text(NEW.skills_required) skill));
    NEW.doc := NEW.kind_doc || search_doc(NEW.description);
    RETURN NEW;
END $$;
CREATE TRIGGER labor_categories_search
    BEFORE INSERT OR UPDATE OF name, slug, description, skills_required, category_id ON labor_categories
    FOR EACH ROW EXECUTE FUNCTION labor_categories_search();

-- A category with another name, or at another place, is found by other words, and all that hangs under it.
CREATE FUNCTION categories_search() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    tree uuid[];
BEGIN
    WITH RECURSIVE below AS (
        SELECT NEW.id AS id UNION SELECT c.id FROM categories c JOIN below b ON c.parent_id = b.id
    ) SELECT array_agg(id) INTO tree FROM below;
    UPDATE materials SET category_id = category_id WHERE category_id = ANY (tree);
    UPDATE labor_categories SET category_id = category_id WHERE category_id = ANY (tree);
    RETURN NULL;
END $$;
CREATE TRIGGER categories_search AFTER UPDATE OF name, parent_id ON categories
    FOR EACH ROW WHEN (OLD.name <> NEW.name OR OLD.parent_id IS DISTINCT FROM NEW.parent_id)
    EXECUTE FUNCTION categories_search();

-- Every word that anything can be found by, without those that have digits in them: nobody means 10 who types 12. Words that
-- are in use no more stay: they find nothing and harm nothing.
CREATE TABLE search_words (
    word text COLLATE "C" PRIMARY KEY,
    -- As it stands in the documents: `brick` of `bricks`.
    stem text COLLATE "C" NOT NULL
);
CREATE INDEX search_words_by_stem ON search_words (stem);
CREATE INDEX search_words_alike ON search_words USING gin (word gin_trgm_ops);

CREATE FUNCTION keep_words(said text[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO search_words (word, stem)
    SELECT DISTINCT word, coalesce((ts_lexize('english_stem', word))[1], word)
      FROM unnest(said) AS one, unnest(tsvector_to_array(to_tsvector('simple', search_normal(one)))) AS word
     WHERE word !~ '[0-9]' AND length(word) BETWEEN 2 AND 40 ORDER BY 1
        ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION materials_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_words(array(
        SELECT concat_ws(' ', name, sku, array_to_string(facet_labels, ' '), description) FROM changed
        UNION SELECT category_words(category_id) FROM (SELECT DISTINCT category_id FROM changed) c));
    RETURN NULL;
END $$;
CREATE FUNCTION labor_categories_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_words(array(
        SELECT concat_ws(' ', name, slug, skills_required::text, description) FROM changed
        UNION SELECT category_words(category_id) FROM (SELECT DISTINCT category_id FROM changed) c));
    RETURN NULL;
END $$;
CREATE TRIGGER materials_words_of_new AFTER INSERT ON materials
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION materials_words();
CREATE TRIGGER materials_words_of_changed AFTER UPDATE ON materials
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION materials_words();
CREATE TRIGGER labor_categories_words_of_new AFTER INSERT ON labor_categories
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION labor_categories_words();
CREATE TRIGGER labor_categories_words_of_changed AFTER UPDATE ON labor_categories
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION labor_categories_words();

-- What is there already.
UPDATE materials SET category_id = category_id;
UPDATE labor_categories SET category_id = category_id;

CREATE INDEX materials_by_name_doc ON materials USING gin (name_doc) WITH (fastupdate = off);
CREATE INDEX materials_by_kind_doc ON materials USING gin (kind_doc) WITH (fastupdate = off);
CREATE INDEX materials_by_doc ON materials USING gin (doc) WITH (fastupdate = off);
CREATE INDEX materials_by_shuffle ON materials (shuffle, id) WHERE is_active;
CREATE INDEX materials_by_facets ON materials USING gin (facets) WITH (fastupdate = off);
CREATE INDEX labor_categories_by_doc ON labor_categories USING gin (doc) WITH (fastupdate = off);

-- A page of a category is the first of each category below it, merged.
CREATE INDEX materials_by_category_and_price ON materials (category_id, base_price, id) WHERE is_active;
CREATE INDEX materials_by_category_and_id ON materials (category_id, id) WHERE is_active;
CREATE INDEX materials_by_brand ON materials (lower(specifications ->> 'brand'), name, id) WHERE is_active;
CREATE INDEX materials_by_unit ON materials (unit, name, id) WHERE is_active;
CREATE INDEX materials_active ON materials (id) WHERE is_active;

-- Who delivers to a PIN code.
CREATE INDEX vendors_by_pincode ON vendors USING gin (service_pincodes);

-- Counts that a process keeps for a while are counted again when this has moved.
CREATE SEQUENCE catalogue_changes;
SELECT nextval('catalogue_changes');
CREATE FUNCTION note_catalogue_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM nextval('catalogue_changes');
    RETURN NULL;
END $$;
CREATE TRIGGER materials_change AFTER INSERT OR UPDATE OR DELETE ON materials
    FOR EACH STATEMENT EXECUTE FUNCTION note_catalogue_change();
CREATE TRIGGER categories_change AFTER INSERT OR UPDATE OR DELETE ON categories
    FOR EACH STATEMENT EXECUTE FUNCTION note_catalogue_change();
