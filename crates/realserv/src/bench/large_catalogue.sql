-- A catalogue of the size of a whole state: 50,000 materials, 2,000 vendors, 2,000,000 offers. The same each time. Statements are
-- separated by an empty line.

SET synchronous_commit = off;

-- Names of a brand, a made-up line, what it is, and a size.
INSERT INTO materials (id, category_id, name, description, sku, base_price, unit, min_order_quantity, specifications, hsn_code, created_at, updated_at)
SELECT ('019b0000-0000-7000-8000-' || lpad(to_hex(s.n), 12, '0'))::uuid, c.id,
       concat_ws(' ', brand, line, f.noun, size || ' ' || f.measure),
       concat_ws(' ', f.noun, f.uses, 'Line', line, 'of', brand, 'tested lot by lot, delivered to site.'),
       'GEN-' || s.n, round((f.price * (0.8 + (s.n * 7919 % 1000) / 2500.0))::numeric, 2), f.unit, f.minimum,
       jsonb_build_object('brand', brand, 'grade', f.grades[1 + s.n / 7 % array_length(f.grades, 1)], 'size', size || ' ' || f.measure,
                          'origin', (ARRAY['Telangana', 'Andhra Pradesh', 'Karnataka', 'Tamil Nadu', 'Gujarat'])[1 + s.n % 5]),
       f.hsn, now(), now()
  FROM generate_series(1, 50000) AS s (n)
  CROSS JOIN LATERAL (SELECT (ARRAY['Aarna','Bhavya','Charminar','Deccan','Eshwar','Falcon','Golconda','Hima','Indus','Jyothi','Kakatiya','Lanco','Musi','Nandi','Orugallu','Pragati','Qutub','Rudra','Sagar','Tirumala','Uday','Vajra','Warangal','Xylo','Yadadri','Zenith','Ambuja','Dalmia','Parasakthi','Priya'])[1 + s.n % 30] AS brand,
       (ARRAY['Prime','Gold','Shakti','Ultra','Classic','Supreme','Eco','Max','Royal','Pro'])[1 + s.n / 30 % 10] || ' ' || initcap((ARRAY['ka','ve','ro','mi','tu','sha','ne','lo','pri','da','gu','zen'])[1+s.n/300%12] || (ARRAY['ran','vik','tos','mel','dur','nax','pol','sit','gor','bel','cam'])[1+s.n/3600%11] || (ARRAY['a','on','ix','um','ex','io','ar'])[1+s.n/39600%7]) || ' ' || (s.n/300) AS line,
       (ARRAY['6','8','10','12','16','18','20','25','32','40','50','75','100','110','150'])[1 + s.n / 11 % 15] AS size) b
  JOIN (VALUES
    (0,'cement-opc-53','OPC 53 Grade Cement','for slabs, beams and columns','kg',ARRAY['OPC 53'],'bag',380,10,'2523'),
    (1,'cement-ppc','PPC Cement','for plaster and masonry','kg',ARRAY['PPC','PSC'],'bag',350,10,'2523'),
    (2,'steel-tmt','TMT Bar Fe 550D','reinforcement for slabs and columns','mm',ARRAY['Fe 500D','Fe 550D'],'kg',62,100,'7214'),
    (3,'steel-structural','MS Angle','for frames and sheds','mm',ARRAY['E 250','E 350'],'kg',66,50,'7216'),
    (4,'sand','River Sand','for concrete and plaster, screened','mm',ARRAY['coarse','fine'],'cubic_feet',58,100,'2505'),
    (5,'aggregate','Crushed Stone Aggregate','for concrete and road base','mm',ARRAY['A','B'],'cubic_feet',42,100,'2517'),
    (6,'bricks-fly-ash','Fly Ash Brick','for walls, laid in cement mortar','inch',ARRAY['7.5','10'],'piece',8,500,'6815'),
    (7,'blocks-aac','AAC Block','light walls','mm',ARRAY['551','651'],'piece',65,50,'6810'),
    (8,'tiles','Vitrified Floor Tile','for halls and bedrooms','mm',ARRAY['gloss','matt','satin'],'square_meter',480,10,'6907'),
    (9,'tiles','Ceramic Wall Tile','for kitchens and baths','mm',ARRAY['gloss','matt'],'square_meter',360,10,'6907'),
    (10,'stone','Granite Slab','for floors and counters','mm',ARRAY['polished','flamed'],'square_meter',1400,5,'6802'),
    (11,'adhesives','Tile Adhesive','for tiles on cement floors','kg',ARRAY['C1','C2'],'bag',420,5,'3214'),
    (12,'paint-interior','Interior Emulsion','for walls and ceilings','litre',ARRAY['matt','silk'],'piece',2400,1,'3209'),
    (13,'paint-exterior','Exterior Emulsion','for outside walls','litre',ARRAY['matt','sheen'],'piece',2900,1,'3209'),
    (14,'plywood','Marine Plywood','for kitchens and doors','mm',ARRAY['BWP','MR'],'square_meter',900,5,'4412'),
    (15,'waterproofing','Waterproofing Compound','mixed into cement','litre',ARRAY['1','2'],'litre',180,1,'3824'),
    (16,'switches','Modular Switch','for homes','ampere',ARRAY['white','grey'],'piece',95,10,'8536'),
    (17,'concrete','Ready Mix Concrete','pumped at site','mm',ARRAY['M20','M25','M30'],'cubic_meter',4800,3,'3824'),
    (18,'steel-binding','Binding Wire','for tying reinforcement','gauge',ARRAY['annealed'],'kg',78,20,'7217'),
    (19,'boards','MDF Board','for wardrobes','mm',ARRAY['interior','exterior'],'square_meter',520,5,'4411')
  ) AS f (n, slug, noun, uses, measure, grades, unit, price, minimum, hsn) ON f.n = s.n * 31 % 20
  JOIN categories c ON c.slug = f.slug;

-- Around Hyderabad and beyond: one in twenty suspended, one in ten closed; PIN codes of the first forty are served by many.
INSERT INTO vendors (vendor_id, business_name, status, is_accepting_orders, latitude, longitude, service_radius_km, service_pincodes, revision, updated_at)
SELECT ('019b0001-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Vendor ' || n, CASE WHEN n % 20 = 0 THEN 'suspended' ELSE 'active' END, n % 10 <> 1,
       14 + (n * 7919 % 5000) / 1000.0, 76 + (n * 104729 % 6000) / 1000.0, 5 + n % 36,
       ARRAY[(500000 + n * 37 % 4000)::text, (500000 + n * 41 % 4000)::text, (500000 + n * 43 % 4000)::text, (500000 + n % 40)::text], 1, now()
  FROM generate_series(1, 2000) n;

-- Without asking for each of two million rows whether its material is there.
SET session_replication_role = replica;

INSERT INTO vendor_inventory (id, vendor_id, material_id, is_available, stock_quantity, reserved_quantity, vendor_price, created_at, updated_at)
SELECT ('019b0002-0000-7000-8000-' || lpad(to_hex(v::bigint * 1000 + k), 12, '0'))::uuid, ('019b0001-0000-7000-8000-' || lpad(to_hex(v), 12, '0'))::uuid,
       ('019b0000-0000-7000-8000-' || lpad(to_hex(1 + (v * 7 + k * 50 + k % 50) % 50000), 12, '0'))::uuid, (v + k) % 10 <> 0, (v * 13 + k * 17) % 2000, 0, NULL, now(), now()
  FROM generate_series(1, 2000) v, generate_series(0, 999) k;

SET session_replication_role = origin;

VACUUM (ANALYZE) materials, vendors, vendor_inventory, search_words
