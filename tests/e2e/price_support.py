"""Offer files of the price list as the service publishes them, JSON and CSV, for tests and
benchmarks: products with their traps, and what of them is a price of instances."""
import hashlib
import json

REGIONS = {"us-east-1": ("USE1", "US East (N. Virginia)"), "us-east-2": ("USE2", "US East (Ohio)"),
           "eu-west-1": ("EU", "EU (Ireland)")}
COLUMNS = ["SKU", "OfferTermCode", "RateCode", "TermType", "PriceDescription", "EffectiveDate", "StartingRange",
           "EndingRange", "Unit", "PricePerUnit", "Currency", "Product Family", "serviceCode", "Location",
           "Location Type", "Clock Speed", "Component", "Compute Type", "Current Generation", "GPU", "GPU Memory",
           "Instance Type", "Instance Name", "Memory", "Network Performance", "operation", "Physical CPU",
           "Physical GPU", "Plato Instance Name", "Plato Instance Type", "Processor Architecture", "Region Code",
           "serviceName", "Storage", "usageType", "vCPU"]


def product(name, region, component, price, unit="Hrs", family="ML Instance", usage=None, platform=None,
            currency="USD", vcpu="4", memory="16 GiB", gpu="N/A", service="AmazonSageMaker"):
    usage = usage or {"Training": "Train"}.get(component, component) + ":" + name
    prefix, location = REGIONS.get(region, ("XX1", region))
    sku = hashlib.sha256(f"{name}/{region}/{component}/{usage}/{currency}".encode()).hexdigest()[:16].upper()
    return dict(sku=sku, name=name, region=region, component=component, price=price, unit=unit, family=family,
                usage=f"{prefix}-{usage}", platform=platform or component, currency=currency, vcpu=vcpu,
                memory=memory, gpu=gpu, location=location, service=service,
                text=f"${price} per \"{component}\" {name} hour, in {location}")


def traps(region):
    """What is no price of an instance-hour, though it looks like one."""
    return [
        product("ml.m5.xlarge", region, "Training", "0.0000000000", usage="TrainDebugFreeTier:ml.m5.xlarge",
                platform="TrainDebugFreeTier"),
        product("ml.g5.xlarge", region, "Training", "0.0000204000", usage="ServerlessTraining:ml.g5.xlarge"),
        product("ml.p5.48xlarge", region, "Training", "31.4640000000", unit="Quantity",
                usage="TrainingPlanUpfrontFee:ml.p5.48xlarge"),
        product("ml.m5.2xlarge", region, "Training", "3.7200000000", currency="CNY"),
        product("ml.m5.4xlarge", region, "Training", "0.0000000000"),
        product("", region, "", "0.0160000000", family="ML Data Processed", unit="GB", usage="Data-Bytes-In"),
    ]


def attributes(p):
    return {"servicecode": p["service"], "location": p["location"], "locationType": "AWS Region",
            "instanceType": p["name"] + "-" + p["component"], "currentGeneration": "Yes", "vCpu": p["vcpu"],
            "memory": p["memory"], "storage": "EBS only", "networkPerformance": "Up to 10 Gigabit",
            "processorArchitecture": "64-bit", "usagetype": p["usage"], "operation": "RunInstance",
            "component": p["component"], "computeType": "General Purpose", "gpu": p["gpu"], "gpuMemory": "N/A",
            "instanceName": p["name"], "physicalCpu": "N/A", "physicalGpu": "N/A", "clockSpeed": "N/A",
            "platoinstancename": p["name"].split(".")[1] if "." in p["name"] else "", "regionCode": p["region"],
            "platoinstancetype": p["platform"], "servicename": "Amazon SageMaker"}


def term(p, effective="2026-11-01T00:00:00Z"):
    code = p["sku"] + ".JRTCKXETXF"
    rate = code + ".6YS6EN2CT7"
    return {code: {"offerTermCode": "JRTCKXETXF", "sku": p["sku"], "effectiveDate": effective, "priceDimensions": {
        rate: {"rateCode": rate, "description": p["text"], "beginRange": "0", "endRange": "Inf", "unit": p["unit"],
               "pricePerUnit": {p["currency"]: p["price"]}, "appliesTo": []}}, "termAttributes": {}}}


def head(offer="AmazonSageMaker"):
    return {"formatVersion": "v1.0", "disclaimer": "These prices are for information {[\"only\"]}", "offerCode": offer,
            "version": "20261113180000", "publicationDate": "2026-11-13T18:00:00Z"}


def write_json(f, products, offer="AmazonSageMaker", terms_first=False, indent=2):
    """Item by item, in the service's form: what is written need not fit into memory."""
    def members(name, rows, of):
        f.write(f'  "{name}" : {{\n')
        for i, p in enumerate(rows):
            text = json.dumps(of(p), indent=indent, separators=(",", " : "))
            f.write(("" if i == 0 else ",\n") + f'    "{p["sku"]}" : ' + text)
        f.write("\n  }")

    def write_products():
        members("products", products(), lambda p: {"sku": p["sku"], "productFamily": p["family"],
                                                   "attributes": attributes(p)})

    def write_terms():
        f.write('  "terms" : {\n')
        members("OnDemand", products(), term)
        f.write(',\n  "Reserved" : {}\n  }')

    f.write("{\n" + json.dumps(head(offer), indent=2)[2:-2] + ",\n")
    for i, part in enumerate([write_terms, write_products] if terms_first else [write_products, write_terms]):
        f.write(",\n" if i else "")
        part()
    f.write(',\n  "attributesList" : { }\n}\n')


def quoted(fields):
    return ",".join('"' + f.replace('"', '""') + '"' for f in fields) + "\n"


def write_csv(f, products, offer="AmazonSageMaker"):
    for pair in (("FormatVersion", "v1.0"), ("Disclaimer", "For information only"),
                 ("Publication Date", "2026-11-13T18:00:00Z"), ("Version", "20261113180000"), ("OfferCode", offer)):
        f.write(quoted(pair))
    f.write(quoted(COLUMNS))
    for p in products():
        code = p["sku"] + ".JRTCKXETXF"
        f.write(quoted([p["sku"], "JRTCKXETXF", code + ".6YS6EN2CT7", "OnDemand", p["text"], "2026-11-01", "0", "Inf",
                        p["unit"], p["price"], p["currency"], p["family"], p["service"], p["location"], "AWS Region",
                        "N/A", p["component"], "General Purpose", "Yes", p["gpu"], "N/A",
                        p["name"] + "-" + p["component"], p["name"], p["memory"], "Up to 10 Gigabit", "RunInstance",
                        "N/A", "N/A", p["name"], p["platform"], "64-bit", p["region"], "Amazon SageMaker", "EBS only",
                        p["usage"], p["vcpu"]]))
