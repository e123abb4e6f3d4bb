"""The provider's functions that say what instance types can do and where they are offered."""

from __future__ import annotations

from collections.abc import Mapping

from local.provider.errors import ProviderError
from local.provider.lookups import Args, Asked, Found, Function, filters, same, take
from local.provider.place import Place

_CPU, _EBS, _NET = "VCpuInfo.", "EbsInfo.", "NetworkInfo."
_SPEED = _EBS + "EbsOptimizedInfo."
# The outputs of getInstanceType, in the order of the data source, and where DescribeInstanceTypes has each.
_TYPE: Mapping[str, str] = {
    **same("autoRecoverySupported", "bareMetal", "burstablePerformanceSupported", "currentGeneration"),
    **same(
        "dedicatedHostsSupported", "freeTierEligible", "hibernationSupported", "hypervisor", "instanceType"
    ),
    **same("instanceStorageSupported", "nitroEnclavesSupport", "nitroTpmSupport", "phcSupport"),
    **same("supportedRootDeviceTypes", "supportedVirtualizationTypes"),
    "id": "InstanceType",
    "bandwidthWeightings": _NET + "BandwidthWeightings",
    "bootModes": "SupportedBootModes",
    "defaultCores": _CPU + "DefaultCores",
    "defaultNetworkCardIndex": _NET + "DefaultNetworkCardIndex",
    "defaultThreadsPerCore": _CPU + "DefaultThreadsPerCore",
    "defaultVcpus": _CPU + "DefaultVCpus",
    "ebsEncryptionSupport": _EBS + "EncryptionSupport",
    "ebsNvmeSupport": _EBS + "NvmeSupport",
    "ebsOptimizedSupport": _EBS + "EbsOptimizedSupport",
    "ebsPerformanceBaselineBandwidth": _SPEED + "BaselineBandwidthInMbps",
    "ebsPerformanceBaselineIops": _SPEED + "BaselineIops",
    "ebsPerformanceBaselineThroughput": _SPEED + "BaselineThroughputInMBps",
    "ebsPerformanceMaximumBandwidth": _SPEED + "MaximumBandwidthInMbps",
    "ebsPerformanceMaximumIops": _SPEED + "MaximumIops",
    "ebsPerformanceMaximumThroughput": _SPEED + "MaximumThroughputInMBps",
    "efaMaximumInterfaces": _NET + "EfaInfo.MaximumEfaInterfaces",
    "efaSupported": _NET + "EfaSupported",
    "enaSrdSupported": _NET + "EnaSrdSupported",
    "enaSupport": _NET + "EnaSupport",
    "encryptionInTransitSupported": _NET + "EncryptionInTransitSupported",
    "ipv6Supported": _NET + "Ipv6Supported",
    "maximumIpv4AddressesPerInterface": _NET + "Ipv4AddressesPerInterface",
    "maximumIpv6AddressesPerInterface": _NET + "Ipv6AddressesPerInterface",
    "maximumNetworkCards": _NET + "MaximumNetworkCards",
    "maximumNetworkInterfaces": _NET + "MaximumNetworkInterfaces",
    "memorySize": "MemoryInfo.SizeInMiB",
    "networkPerformance": _NET + "NetworkPerformance",
    "nitroTpmSupportedVersions": "NitroTpmInfo.SupportedVersions",
    "supportedArchitectures": "ProcessorInfo.SupportedArchitectures",
    "supportedCpuFeatures": "ProcessorInfo.SupportedFeatures",
    "supportedPlacementStrategies": "PlacementGroupInfo.SupportedStrategies",
    "supportedUsagesClasses": "SupportedUsageClasses",
    "sustainedClockSpeed": "ProcessorInfo.SustainedClockSpeedInGhz",
    "totalFpgaMemory": "FpgaInfo.TotalFpgaMemoryInMiB",
    "totalGpuMemory": "GpuInfo.TotalGpuMemoryInMiB",
    "totalInferenceMemory": "InferenceAcceleratorInfo.TotalInferenceMemoryInMiB",
    "totalInstanceStorage": "InstanceStorageInfo.TotalSizeInGB",
    "totalMediaMemory": "MediaAcceleratorInfo.TotalMediaMemoryInMiB",
    "totalNeuronDeviceMemory": "NeuronInfo.TotalNeuronDeviceMemoryInMiB",
    "validCores": _CPU + "ValidCores",
    "validThreadsPerCores": _CPU + "ValidThreadsPerCore",
}
_CHIP = {**same("count", "manufacturer", "name"), "memorySize": "MemoryInfo.SizeInMiB"}
_CORES = {"coreCount": "CoreInfo.Count", "coreVersion": "CoreInfo.Version"}
_CARD = {
    "baselineBandwidth": "BaselineBandwidthInGbps",
    "index": "NetworkCardIndex",
    "maximumInterfaces": "MaximumNetworkInterfaces",
    "peakBandwidth": "PeakBandwidthInGbps",
    "performance": "NetworkPerformance",
}
# Its outputs that are lists of blocks: where they are, and the fields of one.
_BLOCKS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "fpgas": ("FpgaInfo", "Fpgas", _CHIP),
    "gpuses": ("GpuInfo", "Gpus", _CHIP),
    "inferenceAccelerators": ("InferenceAcceleratorInfo", "Accelerators", _CHIP),
    "instanceDisks": ("InstanceStorageInfo", "Disks", {**same("count", "type"), "size": "SizeInGB"}),
    "mediaAccelerators": ("MediaAcceleratorInfo", "Accelerators", _CHIP),
    "networkCards": ("NetworkInfo", "NetworkCards", _CARD),
    "neuronDevices": ("NeuronInfo", "NeuronDevices", {**_CHIP, **_CORES}),
}


def _instance_type(at: Place, args: Args) -> Found:
    """internal/service/ec2/ec2_instance_type_data_source.go."""
    asked = Asked(at, args, "ec2", f"EC2 Instance Type ({args['instanceType']})")
    one = asked.call("describe_instance_types", InstanceTypes=[args["instanceType"]])["InstanceTypes"][0]
    blocks = {
        name: [take(block, fields) for block in (one.get(info) or {}).get(key) or []]
        for name, (info, key, fields) in _BLOCKS.items()
    }
    return {**take(one, _TYPE), **blocks, "region": asked.region}


def _offerings(at: Place, args: Args) -> Found:
    """internal/service/ec2/ec2_instance_type_offerings_data_source.go: three lists of one order."""
    asked = Asked(at, args, "ec2", "EC2 Instance Type Offerings")
    kind = {"LocationType": args["locationType"]} if args.get("locationType") else {}
    every = asked.every(
        "describe_instance_type_offerings", "InstanceTypeOfferings", **kind, **filters(args, {})
    )
    return {
        **args,
        "id": asked.region,
        "region": asked.region,
        "instanceTypes": [one["InstanceType"] for one in every],
        "locations": [one["Location"] for one in every],
        "locationTypes": [one["LocationType"] for one in every],
    }


_SUPPORTED = {
    **same("architecture", "ebsOptimizedAvailable", "ebsOptimizedByDefault", "ebsStorageOnly"),
    **same("instanceFamilyId", "is64BitsOnly", "numberOfDisks", "type"),
    "memoryGb": "MemoryGB",
    "storageGb": "StorageGB",
    "vcpu": "VCPU",
}


def _supported(at: Place, args: Args) -> Found:
    """internal/service/emr/supported_instance_types_data_source.go."""
    label = args["releaseLabel"]
    asked = Asked(at, args, "emr", f"EMR Supported Instance Types ({label})")
    every: list[Found] = []
    more: Found = {}
    while True:
        page = asked.call("list_supported_instance_types", ReleaseLabel=label, **more)
        every += page["SupportedInstanceTypes"]
        if not page.get("Marker"):
            break
        more = {"Marker": page["Marker"]}
    if not every:
        raise ProviderError(f"reading {asked.what}: empty result")
    types = [take(one, _SUPPORTED) for one in every]
    return {**args, "id": label, "region": asked.region, "supportedInstanceTypes": types}


FUNCTIONS: dict[str, tuple[Function, frozenset[str]]] = {
    "aws:ec2/getInstanceType:getInstanceType": (_instance_type, frozenset({"instanceType", "region"})),
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": (
        _offerings,
        frozenset({"filters", "locationType", "region"}),
    ),
    "aws:emr/getSupportedInstanceTypes:getSupportedInstanceTypes": (
        _supported,
        frozenset({"releaseLabel", "region"}),
    ),
}
