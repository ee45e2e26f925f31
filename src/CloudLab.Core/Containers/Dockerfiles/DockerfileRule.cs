using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Containers.Dockerfiles;

/// <summary>A rule of the review of Dockerfiles.</summary>
/// <param name="Id">Its id; BuildKit's own name where BuildKit has the same rule.</param>
/// <param name="Severity">How much harm it usually does; a finding can differ.</param>
/// <param name="Title">What it finds, in one sentence.</param>
/// <param name="Help">Why that matters.</param>
/// <param name="Fix">What to write.</param>
public sealed record DockerfileRule(string Id, FindingSeverity Severity, string Title, string Help, string Fix) : FindingRule(Id, Severity, Title, Help, Fix)
{
    /// <summary>The rules of hadolint that correspond.</summary>
    public IReadOnlyList<string> Hadolint { get; init; } = [];

    /// <summary>The rule of BuildKit that corresponds, or null.</summary>
    public string? BuildKit { get; init; }

    /// <inheritdoc/>
    public override IEnumerable<string> Names => Hadolint.Prepend(Id);

    /// <summary>All rules, as docs/dockerfile-review.md lists them.</summary>
    public static IReadOnlyList<DockerfileRule> All => field ??=
    [
        SyntaxError, UnknownInstruction, InstructionBeforeFrom, DirectiveTooLate, NoEmptyContinuation, ConsistentInstructionCasing, FromAsCasing,
        StageNameCasing, DuplicateStageName, ReservedStageName, MaintainerDeprecated, LegacyKeyValueFormat, ImageTagMissing, ImageTagLatest,
        ImageNotPinned, UndefinedArgInFrom, InvalidDefaultArgInFrom, FromPlatformFlagConstDisallowed, RedundantTargetPlatform, CopyFromUnknown,
        CopyWholeFilesystem, StageUnused, UndefinedVar, ArgOutOfScope, EnvSelfReference, SecretsUsedInArgOrEnv, SecretLiteral, SecretFileCopied,
        RootUser, UserMissing, UserNotNumeric, SudoUsed, UserAddHighUid, AddInsteadOfCopy, AddRemoteUrl, CopyDestinationNotFolder,
        CopyRelativeDestination, CopyIgnoredFile, CopySourceMissing, DockerignoreMissing, DockerignoreInvalid, CacheBustingOrder, OwnershipLayer,
        WorldWritable, PackageListsLeft, PackageCacheLeft, UpdateAlone, PromptsInBuild, NoInstallRecommends, AptInsteadOfAptGet, DistributionUpgrade,
        PackageNotPinned, SystemPackageNotPinned, VerificationDisabled, RemoteScriptRun, PipefailMissing, CdInRun, PointlessCommand, WgetAndCurl,
        ShellLink, ConsecutiveRun, JSONArgsRecommended, EntrypointIgnoresCmd, MultipleInstructionsDisallowed, WorkdirRelativePath, ExposeInvalidPort,
        ExposeProtoCasing, ExposeInvalidFormat, LabelInvalid, HealthcheckMissing, InvalidDefinitionDescription, BuildKitFinding,
    ];

    internal static DockerfileRule SyntaxError { get; } = new(
        "SyntaxError", FindingSeverity.High, "BuildKit cannot read an instruction.",
        "The build ends there before anything is done.",
        "Write the instruction as the message says.") { Hadolint = ["DL1000", "DL3043"] };

    internal static DockerfileRule UnknownInstruction { get; } = new(
        "UnknownInstruction", FindingSeverity.High, "An instruction does not exist.",
        "The build ends there before anything is done.",
        "Correct the keyword; a line that belongs to the one before needs the escape character at the end of that one.");

    internal static DockerfileRule InstructionBeforeFrom { get; } = new(
        "InstructionBeforeFrom", FindingSeverity.High, "An instruction stands before the first FROM.",
        "Only ARG and comments may; the build ends there.",
        "Move it behind FROM.") { Hadolint = ["DL3061"] };

    internal static DockerfileRule DirectiveTooLate { get; } = new(
        "DirectiveTooLate", FindingSeverity.Medium, "A syntax or escape directive does not stand at the beginning and is an ordinary comment.",
        "BuildKit reads directives only before the first comment, empty line or instruction.",
        "Move it to the first line.");

    internal static DockerfileRule NoEmptyContinuation { get; } = new(
        "NoEmptyContinuation", FindingSeverity.Low, "An instruction that goes on over several lines has an empty line in it.",
        "A later version of BuildKit will refuse it.",
        "Remove the empty line, or put # there.") { BuildKit = "NoEmptyContinuation" };

    internal static DockerfileRule ConsistentInstructionCasing { get; } = new(
        "ConsistentInstructionCasing", FindingSeverity.Low, "An instruction is not in the same case as most of the others.",
        "One case for all makes a file easier to read.",
        "Write all instructions in upper case.") { BuildKit = "ConsistentInstructionCasing" };

    internal static DockerfileRule FromAsCasing { get; } = new(
        "FromAsCasing", FindingSeverity.Low, "AS is not in the same case as FROM.",
        "One case for all makes a file easier to read.",
        "FROM image:tag AS name") { BuildKit = "FromAsCasing" };

    internal static DockerfileRule StageNameCasing { get; } = new(
        "StageNameCasing", FindingSeverity.Low, "The name of a stage has upper-case letters.",
        "Names of stages do not distinguish case; the name of an image that is not in lower case is refused.",
        "Write the name in lower case.") { BuildKit = "StageNameCasing" };

    internal static DockerfileRule DuplicateStageName { get; } = new(
        "DuplicateStageName", FindingSeverity.Medium, "Two stages have the same name.",
        "COPY --from and --target mean only one of them.",
        "Give each stage a name of its own.") { Hadolint = ["DL3024"], BuildKit = "DuplicateStageName" };

    internal static DockerfileRule ReservedStageName { get; } = new(
        "ReservedStageName", FindingSeverity.Medium, "A stage is named scratch or context.",
        "These names mean something else.",
        "Choose another name.") { Hadolint = ["DL3063"], BuildKit = "ReservedStageName" };

    internal static DockerfileRule MaintainerDeprecated { get; } = new(
        "MaintainerDeprecated", FindingSeverity.Low, "MAINTAINER is no longer used.",
        "Tools read the label instead.",
        "LABEL org.opencontainers.image.authors=\"…\"") { Hadolint = ["DL4000"], BuildKit = "MaintainerDeprecated" };

    internal static DockerfileRule LegacyKeyValueFormat { get; } = new(
        "LegacyKeyValueFormat", FindingSeverity.Low, "ENV or LABEL has the old form without '='.",
        "It takes the rest of the line as one value, also where several were meant.",
        "ENV NAME=value") { BuildKit = "LegacyKeyValueFormat" };

    internal static DockerfileRule ImageTagMissing { get; } = new(
        "ImageTagMissing", FindingSeverity.Medium, "An image has neither a tag nor a digest.",
        "latest is used, which means another image tomorrow.",
        "Write the tag of a version, or a digest.") { Hadolint = ["DL3006"], IsSecurity = true };

    internal static DockerfileRule ImageTagLatest { get; } = new(
        "ImageTagLatest", FindingSeverity.Medium, "An image is used by the tag latest.",
        "It means another image tomorrow.",
        "Write the tag of a version, or a digest.") { Hadolint = ["DL3007"], IsSecurity = true };

    internal static DockerfileRule ImageNotPinned { get; } = new(
        "ImageNotPinned", FindingSeverity.Low, "A base image is not pinned by its digest.",
        "A tag can be moved to another image.",
        "FROM image:tag@sha256:…") { IsOptional = true, IsSecurity = true };

    internal static DockerfileRule UndefinedArgInFrom { get; } = new(
        "UndefinedArgInFrom", FindingSeverity.High, "FROM uses a variable that no ARG before the first FROM declares.",
        "It is empty, whatever --build-arg says.",
        "Write ARG NAME=default before the first FROM.") { BuildKit = "UndefinedArgInFrom" };

    internal static DockerfileRule InvalidDefaultArgInFrom { get; } = new(
        "InvalidDefaultArgInFrom", FindingSeverity.Medium, "Without build arguments FROM has an empty or invalid image name.",
        "The build works only with the right --build-arg.",
        "Give the ARG before FROM a default.") { BuildKit = "InvalidDefaultArgInFrom" };

    internal static DockerfileRule FromPlatformFlagConstDisallowed { get; } = new(
        "FromPlatformFlagConstDisallowed", FindingSeverity.Low, "FROM has a platform that is written out.",
        "The stage cannot be built for another platform.",
        "FROM --platform=$BUILDPLATFORM, or no --platform and docker build --platform.") { Hadolint = ["DL3029"], BuildKit = "FromPlatformFlagConstDisallowed" };

    internal static DockerfileRule RedundantTargetPlatform { get; } = new(
        "RedundantTargetPlatform", FindingSeverity.Low, "FROM has --platform=$TARGETPLATFORM.",
        "That is what it does without.",
        "Remove --platform.") { Hadolint = ["DL3065"], BuildKit = "RedundantTargetPlatform" };

    internal static DockerfileRule CopyFromUnknown { get; } = new(
        "CopyFromUnknown", FindingSeverity.High, "--from names a stage that cannot be used there.",
        "A stage is used only after it, by its name or its number; with another name an image is pulled. Variables are not replaced.",
        "Write the name of a stage above.") { Hadolint = ["DL3022", "DL3023"] };

    internal static DockerfileRule CopyWholeFilesystem { get; } = new(
        "CopyWholeFilesystem", FindingSeverity.Medium, "The whole file system of another stage is copied.",
        "Build tools and caches come along.",
        "Copy the folders that are needed, or begin with FROM that stage.") { Hadolint = ["DL3067"] };

    internal static DockerfileRule StageUnused { get; } = new(
        "StageUnused", FindingSeverity.Low, "Nothing uses a stage.",
        "It is built only with --target.",
        "Remove it, or use it.") { IsOptional = true };

    internal static DockerfileRule UndefinedVar { get; } = new(
        "UndefinedVar", FindingSeverity.Medium, "A variable is used that is not defined.",
        "It is empty.",
        "Declare it in this stage with ARG or ENV, or correct its name.") { BuildKit = "UndefinedVar" };

    internal static DockerfileRule ArgOutOfScope { get; } = new(
        "ArgOutOfScope", FindingSeverity.Medium, "A RUN uses an ARG that is declared only before FROM.",
        "Arguments from before FROM are empty in a stage until the stage declares them, too.",
        "Write ARG NAME in the stage.");

    internal static DockerfileRule EnvSelfReference { get; } = new(
        "EnvSelfReference", FindingSeverity.Medium, "ENV uses a variable that the same instruction defines.",
        "The values of one ENV are replaced before any of them is set.",
        "Write two ENV instructions.") { Hadolint = ["DL3044"] };

    internal static DockerfileRule SecretsUsedInArgOrEnv { get; } = new(
        "SecretsUsedInArgOrEnv", FindingSeverity.High, "ENV or ARG has a name that says secret.",
        "Whoever has the image reads it: values stay in its configuration and history.",
        "RUN --mount=type=secret,id=name, and docker build --secret id=name.") { Hadolint = ["DL3064"], BuildKit = "SecretsUsedInArgOrEnv", IsSecurity = true };

    internal static DockerfileRule SecretLiteral { get; } = new(
        "SecretLiteral", FindingSeverity.Critical, "A secret is written in the Dockerfile.",
        "It is in the repository and in the image. The secret must be replaced by a new one.",
        "RUN --mount=type=secret,id=name, and docker build --secret id=name.") { IsSecurity = true };

    internal static DockerfileRule SecretFileCopied { get; } = new(
        "SecretFileCopied", FindingSeverity.High, "A file that usually holds secrets is copied into the image.",
        "Whoever has the image reads it, also where a later layer removes it.",
        "RUN --mount=type=secret,id=name, and a line in .dockerignore.") { IsSecurity = true };

    internal static DockerfileRule RootUser { get; } = new(
        "RootUser", FindingSeverity.Medium, "The last USER is root.",
        "What breaks out of the process is root.",
        "End with a USER that is not root.") { Hadolint = ["DL3002"], IsSecurity = true };

    internal static DockerfileRule UserMissing { get; } = new(
        "UserMissing", FindingSeverity.Low, "The image has no USER.",
        "It runs as the user of the base image, which is root for most.",
        "USER 10001") { IsSecurity = true };

    internal static DockerfileRule UserNotNumeric { get; } = new(
        "UserNotNumeric", FindingSeverity.Low, "USER is a name.",
        "Kubernetes can verify runAsNonRoot only for a number.",
        "USER 10001") { Hadolint = ["DL3066"], IsOptional = true, IsSecurity = true };

    internal static DockerfileRule SudoUsed { get; } = new(
        "SudoUsed", FindingSeverity.Medium, "RUN uses sudo.",
        "A build is root already unless USER says otherwise.",
        "Remove sudo, or put USER root before it.") { Hadolint = ["DL3004"], IsSecurity = true };

    internal static DockerfileRule UserAddHighUid { get; } = new(
        "UserAddHighUid", FindingSeverity.Medium, "useradd makes a user with a high id without -l.",
        "The login log becomes a sparse file of gigabytes, which the image may store whole.",
        "useradd -l -u ID name") { Hadolint = ["DL3046"] };

    internal static DockerfileRule AddInsteadOfCopy { get; } = new(
        "AddInsteadOfCopy", FindingSeverity.Low, "ADD is used where COPY does the same.",
        "ADD also unpacks and downloads, which surprises.",
        "COPY source destination") { Hadolint = ["DL3020"] };

    internal static DockerfileRule AddRemoteUrl { get; } = new(
        "AddRemoteUrl", FindingSeverity.Medium, "ADD downloads a file without a checksum.",
        "Another file tomorrow goes unnoticed.",
        "ADD --checksum=sha256:… URL destination") { IsSecurity = true };

    internal static DockerfileRule CopyDestinationNotFolder { get; } = new(
        "CopyDestinationNotFolder", FindingSeverity.Medium, "Several sources are copied to a destination that does not end with '/'.",
        "Where no folder is there yet, BuildKit makes a file of the last source; the builder before it fails.",
        "End the destination with '/'.") { Hadolint = ["DL3021"] };

    internal static DockerfileRule CopyRelativeDestination { get; } = new(
        "CopyRelativeDestination", FindingSeverity.Low, "COPY or ADD has a relative destination, and the stage has no WORKDIR.",
        "Where it goes depends on the base image.",
        "Write WORKDIR before it, or an absolute destination.") { Hadolint = ["DL3045"] };

    internal static DockerfileRule CopyIgnoredFile { get; } = new(
        "CopyIgnoredFile", FindingSeverity.Medium, "A file is copied that .dockerignore leaves out.",
        "It is not in the build context: the build fails.",
        "Correct .dockerignore, or the source.") { BuildKit = "CopyIgnoredFile" };

    internal static DockerfileRule CopySourceMissing { get; } = new(
        "CopySourceMissing", FindingSeverity.High, "A source is not in the build context. Looked for only with -Context.",
        "The build fails.",
        "Correct the source; it is relative to the context.");

    internal static DockerfileRule DockerignoreMissing { get; } = new(
        "DockerignoreMissing", FindingSeverity.Medium, "The whole context is copied, and there is no .dockerignore.",
        "Repositories, caches and secrets of the folder get into the image, and every change there begins the build anew.",
        "Write a .dockerignore; Get-LabBuildContext shows what it leaves.") { IsSecurity = true };

    internal static DockerfileRule DockerignoreInvalid { get; } = new(
        "DockerignoreInvalid", FindingSeverity.High, "The .dockerignore has a pattern that the engine refuses.",
        "The build ends before it begins.",
        "Close brackets, and put something behind a '!' and a backslash.");

    internal static DockerfileRule CacheBustingOrder { get; } = new(
        "CacheBustingOrder", FindingSeverity.Medium, "The whole context is copied before dependencies are installed.",
        "Every change of a source file installs them anew.",
        "Copy the files that list the dependencies, install, and then copy the rest.");

    internal static DockerfileRule OwnershipLayer { get; } = new(
        "OwnershipLayer", FindingSeverity.Low, "A RUN changes owner or mode of what was copied before.",
        "The files are in the image twice.",
        "COPY --chown=user:group --chmod=mode source destination");

    internal static DockerfileRule WorldWritable { get; } = new(
        "WorldWritable", FindingSeverity.Medium, "Files are made writable for everybody.",
        "Any process in the container can change them.",
        "Give them to the user that writes them.") { IsSecurity = true };

    internal static DockerfileRule PackageListsLeft { get; } = new(
        "PackageListsLeft", FindingSeverity.Low, "The package lists of apt stay in the image.",
        "They make it larger and are out of date tomorrow.",
        "&& rm -rf /var/lib/apt/lists/* at the end of the same RUN.") { Hadolint = ["DL3009"] };

    internal static DockerfileRule PackageCacheLeft { get; } = new(
        "PackageCacheLeft", FindingSeverity.Low, "The cache of a package manager stays in the image.",
        "It makes the image larger and is of no use there.",
        "Use the option for no cache, clean up in the same RUN, or use RUN --mount=type=cache.") { Hadolint = ["DL3019", "DL3032", "DL3036", "DL3040", "DL3042", "DL3060"] };

    internal static DockerfileRule UpdateAlone { get; } = new(
        "UpdateAlone", FindingSeverity.Medium, "Package lists are updated in a RUN that installs nothing.",
        "The layer stays in the cache, and a later installation uses old lists.",
        "apt-get update && apt-get install -y --no-install-recommends package, in one RUN.");

    internal static DockerfileRule PromptsInBuild { get; } = new(
        "PromptsInBuild", FindingSeverity.High, "A package manager asks before it installs.",
        "Nobody answers in a build, which fails.",
        "Add -y.") { Hadolint = ["DL3014", "DL3030", "DL3034", "DL3038"] };

    internal static DockerfileRule NoInstallRecommends { get; } = new(
        "NoInstallRecommends", FindingSeverity.Low, "apt-get installs recommended packages, too.",
        "They make the image larger.",
        "Add --no-install-recommends.") { Hadolint = ["DL3015"] };

    internal static DockerfileRule AptInsteadOfAptGet { get; } = new(
        "AptInsteadOfAptGet", FindingSeverity.Low, "apt is used.",
        "It is made for people, and its options change.",
        "Use apt-get.") { Hadolint = ["DL3027"] };

    internal static DockerfileRule DistributionUpgrade { get; } = new(
        "DistributionUpgrade", FindingSeverity.Low, "The whole distribution is upgraded.",
        "What comes out depends on the day.",
        "Use a newer base image.") { Hadolint = ["DL3035"] };

    internal static DockerfileRule PackageNotPinned { get; } = new(
        "PackageNotPinned", FindingSeverity.Low, "A package is installed without a version.",
        "The build is another one tomorrow.",
        "Write the version: pip name==1.2, npm name@1.2, gem name:1.2, go name@v1.2.") { Hadolint = ["DL3013", "DL3016", "DL3028", "DL3062"] };

    internal static DockerfileRule SystemPackageNotPinned { get; } = new(
        "SystemPackageNotPinned", FindingSeverity.Low, "A package of the distribution is installed without a version.",
        "The build is another one tomorrow. Distributions remove old versions, so that a pinned one fails in time.",
        "Write name=version.") { Hadolint = ["DL3008", "DL3018", "DL3033", "DL3037", "DL3041"], IsOptional = true };

    internal static DockerfileRule VerificationDisabled { get; } = new(
        "VerificationDisabled", FindingSeverity.High, "The check of a certificate or a signature is turned off.",
        "Whoever is on the way decides what is installed.",
        "Install ca-certificates, or the key, and remove the option.") { IsSecurity = true };

    internal static DockerfileRule RemoteScriptRun { get; } = new(
        "RemoteScriptRun", FindingSeverity.Medium, "A script is downloaded and run at once.",
        "Whatever the server sends is run, and a failed download may go unnoticed.",
        "Download to a file, verify its checksum, and run it.") { IsSecurity = true };

    internal static DockerfileRule PipefailMissing { get; } = new(
        "PipefailMissing", FindingSeverity.Low, "A command whose failure matters writes into a pipe.",
        "Only the last command of a pipe decides whether RUN fails.",
        "SHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"], or set -o pipefail.") { Hadolint = ["DL4006"] };

    internal static DockerfileRule CdInRun { get; } = new(
        "CdInRun", FindingSeverity.Low, "RUN begins with cd.",
        "The next RUN is in the old folder again.",
        "WORKDIR /folder") { Hadolint = ["DL3003"] };

    internal static DockerfileRule PointlessCommand { get; } = new(
        "PointlessCommand", FindingSeverity.Low, "A command makes no sense in a build.",
        "There are no services, terminals or machines there.",
        "Remove it.") { Hadolint = ["DL3001"] };

    internal static DockerfileRule WgetAndCurl { get; } = new(
        "WgetAndCurl", FindingSeverity.Low, "A stage uses both wget and curl.",
        "One is enough.",
        "Use one of them.") { Hadolint = ["DL4001"] };

    internal static DockerfileRule ShellLink { get; } = new(
        "ShellLink", FindingSeverity.Low, "/bin/sh is replaced by a link.",
        "Scripts of packages expect the shell of the distribution.",
        "SHELL [\"/bin/bash\", \"-c\"]") { Hadolint = ["DL4005"] };

    internal static DockerfileRule ConsecutiveRun { get; } = new(
        "ConsecutiveRun", FindingSeverity.Low, "Several RUN follow each other.",
        "Each is a layer.",
        "Put what belongs together into one RUN.") { Hadolint = ["DL3059"], IsOptional = true };

    internal static DockerfileRule JSONArgsRecommended { get; } = new(
        "JSONArgsRecommended", FindingSeverity.Medium, "CMD or ENTRYPOINT is a line for the shell.",
        "The shell is process 1 and does not pass signals on: docker stop waits ten seconds and kills.",
        "CMD [\"executable\", \"argument\"]") { Hadolint = ["DL3025"], BuildKit = "JSONArgsRecommended" };

    internal static DockerfileRule EntrypointIgnoresCmd { get; } = new(
        "EntrypointIgnoresCmd", FindingSeverity.Medium, "ENTRYPOINT is a line for the shell, and there is a CMD.",
        "CMD and the arguments of docker run are ignored.",
        "ENTRYPOINT [\"executable\"]");

    internal static DockerfileRule MultipleInstructionsDisallowed { get; } = new(
        "MultipleInstructionsDisallowed", FindingSeverity.Medium, "A stage has several CMD, ENTRYPOINT or HEALTHCHECK.",
        "Only the last one counts.",
        "Remove this one.") { Hadolint = ["DL3012", "DL4003", "DL4004"], BuildKit = "MultipleInstructionsDisallowed" };

    internal static DockerfileRule WorkdirRelativePath { get; } = new(
        "WorkdirRelativePath", FindingSeverity.Medium, "The first WORKDIR of a stage is relative.",
        "Where it is depends on the base image.",
        "WORKDIR /folder") { Hadolint = ["DL3000"], BuildKit = "WorkdirRelativePath" };

    internal static DockerfileRule ExposeInvalidPort { get; } = new(
        "ExposeInvalidPort", FindingSeverity.High, "EXPOSE has something that is no port.",
        "The build fails.",
        "EXPOSE 8080, or 53/udp: from 0 to 65535, with tcp, udp or sctp.") { Hadolint = ["DL3011"] };

    internal static DockerfileRule ExposeProtoCasing { get; } = new(
        "ExposeProtoCasing", FindingSeverity.Low, "The protocol of EXPOSE is not in lower case.",
        "Later versions may refuse it.",
        "EXPOSE 8080/tcp") { BuildKit = "ExposeProtoCasing" };

    internal static DockerfileRule ExposeInvalidFormat { get; } = new(
        "ExposeInvalidFormat", FindingSeverity.Medium, "EXPOSE has an address or a port of the host.",
        "Those belong to docker run -p; BuildKit will refuse it.",
        "EXPOSE 8080") { BuildKit = "ExposeInvalidFormat" };

    internal static DockerfileRule LabelInvalid { get; } = new(
        "LabelInvalid", FindingSeverity.Low, "The key of a label is not valid, or its value is empty.",
        "Tools do not find it.",
        "Lower-case letters, digits, '.' and '-', such as org.opencontainers.image.source=…") { Hadolint = ["DL3048", "DL3051"] };

    internal static DockerfileRule HealthcheckMissing { get; } = new(
        "HealthcheckMissing", FindingSeverity.Low, "The image has no HEALTHCHECK.",
        "Docker does not notice a process that hangs. Kubernetes has probes instead.",
        "HEALTHCHECK CMD [\"executable\", \"argument\"]") { Hadolint = ["DL3057"], IsOptional = true };

    internal static DockerfileRule InvalidDefinitionDescription { get; } = new(
        "InvalidDefinitionDescription", FindingSeverity.Low, "The comment before an ARG or a stage does not begin with its name.",
        "docker build --call=outline shows such comments.",
        "# NAME description") { BuildKit = "InvalidDefinitionDescription", IsOptional = true };

    internal static DockerfileRule BuildKitFinding { get; } = new(
        "BuildKitFinding", FindingSeverity.Medium, "BuildKit's check found something that this review has no rule for.",
        "See the message.",
        "See the message.");
}
