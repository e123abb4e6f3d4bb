"""The signatures of failures: what is written, by whom, and how much it says. Data; `classify` weighs them.

`weight` is how sure the message alone makes the class: DECISIVE is a message that only this failure writes, STRONG
one that it nearly always writes, HINT one that other failures write as well. They are ranks given by hand, not
frequencies; tests/jobs/failures measures what comes of them on real runs and on logs of public issues.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from jobs.failures.finding import FailureClass

DECISIVE, STRONG, HINT = 0.95, 0.8, 0.45
# What is told elsewhere than in the driver's own end may be something that Spark got over.
ELSEWHERE = 0.8
ENOUGH = 0.6  # below it the class is unknown: a false class costs more than none

_SPARK = "https://github.com/apache/spark/blob/v4.0.1/"
_HADOOP = "https://github.com/apache/hadoop/blob/rel/release-3.4.1/"
_PYTHON = "https://docs.python.org/3.11/library/"
_CONDITIONS = f"{_SPARK}common/utils/src/main/resources/error/error-conditions.json"
_ALLOCATOR = f"{_SPARK}resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/YarnAllocator.scala"
_EXIT_CODES = f"{_SPARK}core/src/main/scala/org/apache/spark/executor/ExecutorExitCode.scala"
_JDK = "https://docs.oracle.com/en/java/javase/17/troubleshoot/troubleshooting-memory-leaks.html"
_LINKAGE = "https://docs.oracle.com/javase/specs/jls/se17/html/jls-13.html"
_S3A = f"{_HADOOP}hadoop-tools/hadoop-aws/src/site/markdown/tools/hadoop-aws/troubleshooting_s3a.md"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One message. `unless` is what the same record must not hold; `cause` chooses what is suggested."""

    name: str
    failure: FailureClass
    pattern: re.Pattern[str]
    weight: float
    source: str
    cause: str = ""
    unless: re.Pattern[str] | None = None


def _row(
    failure: FailureClass, name: str, weight: float, pattern: str, source: str, cause: str = "", unless: str = ""
) -> Signature:  # fmt: skip
    return Signature(
        name=name,
        failure=failure,
        pattern=re.compile(pattern, re.MULTILINE),
        weight=weight,
        source=source,
        cause=cause,
        unless=re.compile(unless) if unless else None,
    )


_HEAP = r"java\.lang\.OutOfMemoryError: (?:Java heap space|GC overhead limit exceeded)"
_TASK_OOM = r"(?:Lost task|Exception in task|most recent failure|TaskFailed|Executor task launch worker)[^\n]*\n?[^\n]*"
_OF_DRIVER = r"executor driver|executor (?:id )?driver|TID \d+, localhost"
_CREDENTIALS = r"InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken|RequestTimeTooSkewed|InvalidToken"
_HTTP = (
    r"(?:Unable to execute HTTP request|SocketTimeout|Connect to |ConnectTimeout|S3A|s3a|amazonaws|awssdk)"
)

SIGNATURES: tuple[Signature, ...] = (
    # F1
    _row("executor_out_of_memory", "YARN killed the container for its memory", DECISIVE,
         r"Container killed by YARN for exceeding (?:physical |virtual )?memory limits", _ALLOCATOR, "overhead"),
    _row("executor_out_of_memory", "YARN's monitor found it beyond its limit", DECISIVE,
         r"is running (?:\d+B )?beyond (?:the )?'?(?:physical|virtual|PHYSICAL|VIRTUAL)'? memory limit",
         f"{_HADOOP}hadoop-yarn-project/hadoop-yarn/hadoop-yarn-server/hadoop-yarn-server-nodemanager/src/main/java/"
         "org/apache/hadoop/yarn/server/nodemanager/containermanager/monitor/ContainersMonitorImpl.java", "overhead"),
    _row("executor_out_of_memory", "Kubernetes killed the container for its memory", DECISIVE,
         r"exit code 137\s?\(SIGKILL, possible container OOM\)|(?i:executor)[\s\S]{0,600}termination reason: OOMKilled",
         f"{_SPARK}resource-managers/kubernetes/core/src/main/scala/org/apache/spark/scheduler/cluster/k8s/"
         "ExecutorPodsLifecycleManager.scala", "overhead"),
    _row("executor_out_of_memory", "an executor ended with exit code 52", DECISIVE,
         r"(?:[Ee]xit(?:ed with)? (?:status|code)|Exit code is|exited with code):? 52\b", _EXIT_CODES, "heap"),
    _row("executor_out_of_memory", "a task ran out of heap", DECISIVE,
         rf"{_TASK_OOM}{_HEAP}", _JDK, "heap", unless=_OF_DRIVER),
    _row("executor_out_of_memory", "a task ran out of heap in a local Spark", STRONG,
         rf"{_TASK_OOM}{_HEAP}", _JDK, "heap"),
    _row("executor_out_of_memory", "a task ran out of direct memory", STRONG,
         rf"{_TASK_OOM}(?:java\.lang\.OutOfMemoryError: Direct buffer memory|OutOfDirectMemoryError)", _JDK,
         "overhead"),
    _row("executor_out_of_memory", "Spark could not give a task its memory", DECISIVE,
         r"SparkOutOfMemoryError: .*(?:Unable to acquire|UNABLE_TO_ACQUIRE_MEMORY|error while calling spill)",
         _CONDITIONS, "heap"),
    _row("executor_out_of_memory", "an executor was killed (137)", HINT,
         r"(?:Exit status|[Ee]xit code|exited with code)(?: is)?:? 137\b", _ALLOCATOR, "overhead"),
    # Beside F1: the same words from the driver ask for another change.
    _row("driver_out_of_memory", "the driver's main thread ran out of heap", DECISIVE,
         rf"(?:^|\s)Exception in thread \"(?:main|Driver|dispatcher-[^\"]*|broadcast-exchange[^\"]*"
         rf"|task-result-getter[^\"]*|map-output-dispatcher[^\"]*)\" {_HEAP}", _JDK, "heap"),
    _row("driver_out_of_memory", "a call of the driver ran out of heap", DECISIVE,
         rf"An error occurred while calling [^\n]*\n: {_HEAP}", _JDK, "heap"),
    _row("driver_out_of_memory", "results are larger than the driver takes", DECISIVE,
         r"Total size of serialized results of \d+ tasks \([^)]*\) is bigger than (?:local result size limit )?"
         r"\(?spark\.driver\.maxResultSize",
         f"{_SPARK}core/src/main/scala/org/apache/spark/scheduler/TaskSetManager.scala", "results"),
    _row("driver_out_of_memory", "a table to broadcast does not fit", DECISIVE,
         r"Not enough memory to build and broadcast the table", _CONDITIONS, "heap"),
    # F3
    _row("spot_reclaim", "a spot instance was interrupted", DECISIVE,
         r"(?i)\bspot (?:instance )?(?:interruption|reclaim|termination)|instance-action.{0,40}\bterminate\b"
         r"|SpotInterrupt(?:ed|ion)",
         "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html",
         unless=r"(?i)spot[ .-]?interruption[ .-]?(?:handler|behaviou?r|rate|queue)"),
    # A NodeManager that restarts, or a full disk, ends with the same words: alone it is no spot reclaim.
    _row("spot_reclaim", "the node of an executor is lost", HINT,
         r"Container released on a \*lost\* node",
         f"{_HADOOP}hadoop-yarn-project/hadoop-yarn/hadoop-yarn-server/hadoop-yarn-server-resourcemanager/src/main/"
         "java/org/apache/hadoop/yarn/server/resourcemanager/scheduler/SchedulerUtils.java"),
    _row("spot_reclaim", "an executor was decommissioned", HINT,
         r"Executor decommission:|Finished decommissioning|Decommission(?:ing)? executors?:",
         f"{_SPARK}core/src/main/scala/org/apache/spark/scheduler/ExecutorLossReason.scala"),
    # F4
    _row("network_stall", "a connection to AWS timed out", STRONG,
         rf"{_HTTP}[^\n]*(?:[Cc]onnect(?:ion)? timed out|Read timed out|connect timeout|ConnectTimeoutException)"
         r"|Connect to \S+amazonaws\S* \[[^\]]*\] failed: (?:connect timed out|Connection timed out)", _S3A),
    _row("network_stall", "a connection of Python to AWS timed out", STRONG,
         r"botocore\.exceptions\.(?:ConnectTimeoutError|ReadTimeoutError)|(?:Connect|Read) timeout on endpoint URL",
         "https://github.com/boto/botocore/blob/1.40.0/botocore/exceptions.py"),
    _row("network_stall", "there is no way to a host", STRONG,
         r"java\.net\.(?:NoRouteToHostException|SocketException: Network is unreachable)"
         r"|ConnectException: Connection timed out|\[Errno 1(?:01|13)\] (?:Network is unreachable|No route to host)",
         "https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/net/NoRouteToHostException.html"),
    _row("network_stall", "a socket was silent for too long", HINT, r"SocketTimeoutException|Read timed out", _S3A),
    _row("network_stall", "blocks of another executor could not be fetched", HINT,
         r"Failed to connect to \S+|Connection reset by peer|Connection from \S+ closed|has been quiet for \d+ ms",
         f"{_SPARK}common/network-common/src/main/java/org/apache/spark/network/client/TransportClientFactory.java"),
    # F5
    _row("permission_denied", "IAM says who may not do what", DECISIVE,
         r"(?:User: )?arn:aws[\w-]*:\S+ is not authorized to perform: [\w-]+:\w+", _IAM),
    _row("permission_denied", "S3A was denied", DECISIVE,
         r"AccessDeniedException: s3[an]?://|(?:AmazonS3Exception|S3Exception): (?:Access Denied|Forbidden)"
         r"|Status Code: 403[^)\n]*(?:AccessDenied|403 Forbidden)", _S3A, unless=_CREDENTIALS),
    _row("permission_denied", "an AWS call was denied", DECISIVE,
         r"An error occurred \((?:AccessDenied|AccessDeniedException|UnauthorizedOperation)\) when calling the"
         r"|(?:glue|kms|dynamodb)\S*(?:AccessDeniedException|AccessDenied)\b", _IAM),
    _row("permission_denied", "HDFS denied it", DECISIVE,
         r"AccessControlException: Permission denied: user=",
         f"{_HADOOP}hadoop-hdfs-project/hadoop-hdfs/src/main/java/org/apache/hadoop/hdfs/server/namenode/"
         "FSPermissionChecker.java"),
    # What the job was given
    _row("bad_arguments", "the job's arguments are not what it takes", DECISIVE,
         r"^\S+: error: (?:the following arguments are required|unrecognized arguments|too few arguments"
         r"|ambiguous option|argument \S.*: (?:invalid|expected|not allowed|ignored))", f"{_PYTHON}argparse.html"),
    _row("bad_arguments", "the job's options are not what it takes (click)", DECISIVE,
         r"^Error: (?:Missing (?:option|argument|parameter)|No such option|Invalid value for|Got unexpected extra arg)",
         "https://click.palletsprojects.com/en/stable/exceptions/"),
    _row("bad_arguments", "spark-submit does not know an option", DECISIVE,
         r"^(?:Error|Exception in thread \"main\" \S+): (?:Unrecognized option|Missing application resource"
         r"|Missing argument for option|Unrecognized option or parameter)",
         f"{_SPARK}launcher/src/main/java/org/apache/spark/launcher/SparkSubmitOptionParser.java"),
    _row("bad_arguments", "no node of the cluster holds an executor or the driver", DECISIVE,
         r"Required (?:executor|AM) memory \(\d[^\n]{0,160} is above the max threshold \(\d+ MB",
         f"{_SPARK}resource-managers/yarn/src/main/scala/org/apache/spark/deploy/yarn/Client.scala", "too_large"),
    _row("missing_input", "a path does not exist", DECISIVE,
         r"\[PATH_NOT_FOUND\]|AnalysisException: (?:u?')?Path does not exist|Input path does not exist:"
         r"|InvalidInputException: Input (?:path|Pattern)", _CONDITIONS),
    _row("missing_input", "a table does not exist", STRONG,
         r"\[TABLE_OR_VIEW_NOT_FOUND\]|AnalysisException: Table or view not found|NoSuchTableException", _CONDITIONS),
    _row("missing_input", "an object does not exist", STRONG,
         r"FileNotFoundException: (?:No such file or directory: |File )?(?:s3[an]?|hdfs)://"
         r"|NoSuchBucket|\[NoSuchKey\]|An error occurred \((?:NoSuchKey|NoSuchBucket)\)", _S3A,
         unless=r"underlying files have been updated"),
    _row("missing_input", "a folder holds nothing to tell its columns from", STRONG,
         r"\[UNABLE_TO_INFER_SCHEMA\]|Unable to infer schema for \w+\. It must be specified manually", _CONDITIONS),
    _row("schema_mismatch", "a column is not there", DECISIVE,
         r"\[UNRESOLVED_COLUMN[.\w]*\]|cannot resolve '?[^\n]{1,200}'? given input columns", _CONDITIONS),
    _row("schema_mismatch", "a file's column has another type", DECISIVE,
         r"SchemaColumnConvertNotSupportedException|PARQUET_COLUMN_DATA_TYPE_MISMATCH"
         r"|Parquet column cannot be converted", _CONDITIONS),
    _row("schema_mismatch", "two schemas do not merge", DECISIVE,
         r"\[CANNOT_MERGE_SCHEMAS?\]|CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE|Failed (?:to merge|merging) (?:fields|schema)"
         r"|Failed merging schema", _CONDITIONS),
    _row("schema_mismatch", "the table has other columns than what is written", DECISIVE,
         r"\[(?:INCOMPATIBLE_DATA_FOR_TABLE|INSERT_COLUMN_ARITY_MISMATCH|DELTA_FAILED_TO_MERGE_FIELDS"
         r"|DELTA_METADATA_MISMATCH|DELTA_SCHEMA_CHANGED)[.\w]*\]"
         r"|A schema mismatch detected when writing to the Delta table"
         r"|Cannot write incompatible data (?:to|for) table", _CONDITIONS),
    _row("dependency_conflict", "a class has not what another one calls", DECISIVE,
         r"java\.lang\.(?:NoSuchMethodError|NoSuchFieldError|AbstractMethodError|IncompatibleClassChangeError"
         r"|UnsupportedClassVersionError|IllegalAccessError|VerifyError)", _LINKAGE),
    _row("dependency_conflict", "a class is not there", STRONG,
         r"(?:NoClassDefFoundError: (?!Could not initialize)|ClassNotFoundException: )[\w./$]+", _LINKAGE),
    _row("dependency_conflict", "a Python module is not there, or another version of it", DECISIVE,
         r"(?:ModuleNotFoundError|ImportError): (?:No module named|cannot import name)", f"{_PYTHON}exceptions.html"),
    _row("dependency_conflict", "Python packages do not agree", DECISIVE,
         r"(?:Contextual)?VersionConflict: |numpy\.\w+ size changed, may indicate binary incompatibility"
         r"|compiled using NumPy 1\.x cannot be run|PackageNotFoundError: No package metadata",
         "https://numpy.org/doc/stable/user/troubleshooting-importerror.html"),
    _row("dependency_conflict", "driver and workers run different Pythons", DECISIVE,
         r"\[PYTHON_VERSION_MISMATCH\]|Python in worker has different version",
         f"{_SPARK}python/pyspark/errors/error-conditions.json"),
    _row("dependency_conflict", "a serialized class is of another version", DECISIVE,
         r"InvalidClassException: [^\n]*local class incompatible", _LINKAGE),
    _row("dependency_conflict", "a data source is not on the class path", DECISIVE,
         r"\[DATA_SOURCE_NOT_FOUND\]|Failed to find (?:the )?data source", _CONDITIONS),
    _row("dependency_conflict", "a package could not be had", DECISIVE,
         r"\[unresolved dependenc(?:y|ies): |unresolved dependency: ",
         f"{_SPARK}common/utils/src/main/scala/org/apache/spark/util/MavenUtils.scala"),
    # The job's own SQL; Python errors are judged by their traceback (`frames`).
    _row("code_error", "the job's SQL does not parse", DECISIVE, r"\[PARSE_SYNTAX_ERROR\]|ParseException: ",
         _CONDITIONS),
)  # fmt: skip

# A failure's symptoms look like others: an executor that dies of its memory is a lost connection to its peers.
EXPLAINS: Mapping[FailureClass, frozenset[FailureClass]] = {
    "executor_out_of_memory": frozenset({"network_stall", "slow_shuffle", "code_error"}),
    "driver_out_of_memory": frozenset({"network_stall", "slow_shuffle", "code_error"}),
    "spot_reclaim": frozenset({"network_stall", "slow_shuffle"}),
    "permission_denied": frozenset({"missing_input", "code_error"}),
    "network_stall": frozenset({"slow_shuffle", "code_error"}),
    "missing_input": frozenset({"code_error"}),
    "schema_mismatch": frozenset({"code_error"}),
    "dependency_conflict": frozenset({"code_error"}),
    "bad_arguments": frozenset({"code_error"}),
}

# What a class is, in words, and the letter of the failure modes that the platform names.
TITLES: Mapping[FailureClass, str] = {
    "executor_out_of_memory": "F1: an executor ran out of memory",
    "driver_out_of_memory": "the driver ran out of memory",
    "slow_shuffle": "F2: a slow shuffle, or skew",
    "spot_reclaim": "F3: a node was taken away",
    "network_stall": "F4: the network stalled",
    "permission_denied": "F5: permission denied",
    "bad_arguments": "the job's arguments or sizes are wrong",
    "missing_input": "an input is missing",
    "schema_mismatch": "the data has other columns than expected",
    "dependency_conflict": "a dependency is missing or of another version",
    "code_error": "an error in the job's code",
    "unknown": "not known",
}
