using System.Globalization;
using System.Text.RegularExpressions;
using CloudLab.Core.Common;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Containers.Images;

namespace CloudLab.Core.Containers.Containers;

/// <summary>Says what the engine's everyday refusals mean, and what to do.</summary>
internal static partial class ContainerFaults
{
    /// <summary>Whether a refusal is about the image of a new container.</summary>
    /// <param name="problem">The refusal.</param>
    /// <returns>True if so.</returns>
    public static bool IsAboutImage(LabException problem) => problem.ServiceMessage is { } said
        && (said.Contains("No such image", StringComparison.OrdinalIgnoreCase) || said.Contains("image with reference", StringComparison.Ordinal) || IsAboutPlatform(said));

    /// <summary>The port that the engine's words say is in use.</summary>
    /// <param name="said">The words, which differ with the address and with who has the port.</param>
    /// <returns>The port, or null.</returns>
    public static string? TakenPort(string said) => PortTaken().Match(said) is { Success: true } port ? port.Groups["port"].Value : null;

    /// <summary>Whether a refusal is that of a container that has to run for what is asked of it.</summary>
    /// <param name="problem">The refusal.</param>
    /// <returns>True if so.</returns>
    public static bool IsNotRunning(LabException problem) =>
        problem.ServiceMessage is { } said && (said.Contains("is not running", StringComparison.Ordinal) || IsRestarting(said));

    /// <summary>The error for a container that has to run for what is asked of it.</summary>
    /// <param name="name">Its name or id.</param>
    /// <param name="state">Its state where it is known: <c>exited</c>.</param>
    /// <param name="inner">What the engine said, or null.</param>
    /// <returns>The error: <c>ContainerNotRunning</c>, or <c>ContainerRestarting</c> between two restarts.</returns>
    public static LabException NotRunning(string name, string? state = null, LabException? inner = null) =>
        state == "restarting" || (inner?.ServiceMessage is { } said && IsRestarting(said)) ? new(
        LabErrorKind.Conflict, "ContainerRestarting", $"The container '{name}' is not running at the moment: it has ended, and the engine is about to restart it.", inner)
    {
        Target = name, Advice = $"Get-LabContainerReport {name} says why it ends; Stop-LabContainer {name} ends the restarts.",
    }
    : new(
        LabErrorKind.Conflict, "ContainerNotRunning", $"The container '{name}' is not running{(state is null ? "" : $" ({state})")}.", inner)
    {
        Target = name, Advice = $"Get-LabContainerReport {name} says why it ended; Start-LabContainer -Name {name} starts it again.",
    };

    /// <summary>Explains why a container could not be made or started.</summary>
    /// <param name="problem">What the engine said.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="store">The containers.</param>
    /// <param name="cancellation">Cancels what is looked up.</param>
    /// <returns>The error to throw.</returns>
    public static async Task<LabException> ExplainAsync(
        LabException problem, ContainerOptions options, ContainerStore store, CancellationToken cancellation)
    {
        string said = problem.ServiceMessage ?? "";
        string what = options.Name is { } given ? $"container '{given}'" : $"container of '{options.Image}'";
        if (NameTaken().Match(said) is { Success: true } name)
        {
            return new LabException(
                LabErrorKind.AlreadyExists, "ContainerNameTaken", $"There is a container '{name.Groups[1].Value}' already ({name.Groups[2].Value[..12]}).", problem)
            {
                Target = options.Name,
                Advice = $"Choose another -Name, or remove it with Remove-LabContainer {name.Groups[1].Value} -Force.",
            };
        }

        if (TakenPort(said) is { } port)
        {
            return await PortTakenAsync(problem, what, port, options, store, cancellation);
        }

        if (IsAboutPlatform(said))
        {
            return PlatformMismatch(problem, options, said);
        }

        if (IsAboutImage(problem))
        {
            return await NoImageAsync(problem, null, options, store, cancellation);
        }

        if (said.Contains("executable file not found", StringComparison.Ordinal) || said.Contains("no such file or directory: unknown", StringComparison.Ordinal))
        {
            string program = Exec().Match(said) is { Success: true } exec ? exec.Groups[1].Value : options.EntryPoint?.FirstOrDefault() ?? options.Command.FirstOrDefault() ?? "its program";
            return new LabException(
                LabErrorKind.InvalidData, "ContainerCommandNotFound", $"The {what} cannot be started: there is no program '{program}' in the image '{options.Image}'.", problem)
            {
                Target = options.Name ?? options.Image,
                Advice = "Give the program and its arguments one by one with -Command, or another program with -EntryPoint.",
            };
        }

        if (said.Contains("permission denied: unknown", StringComparison.Ordinal))
        {
            return new LabException(
                LabErrorKind.InvalidData, "ContainerCommandNotExecutable", $"The {what} cannot be started: its program is not executable. {said}", problem) { Target = options.Name ?? options.Image };
        }

        if (NoNetwork().Match(said) is { Success: true } network)
        {
            return new LabException(
                LabErrorKind.NotFound, "NetworkNotFound", $"The {what} cannot be started: there is no network '{network.Groups[1].Value}' in the Docker Engine.", problem)
            {
                Target = network.Groups[1].Value,
                Advice = $"Get-LabDockerNetwork lists the networks; New-LabDockerNetwork {network.Groups[1].Value} makes it.",
            };
        }

        return problem;
    }

    /// <summary>The error for an image that is neither in the engine nor to be had.</summary>
    /// <param name="problem">Why it cannot be pulled, or that it is not there.</param>
    /// <param name="missing">That it was not in the engine, or null.</param>
    /// <param name="options">What was asked for.</param>
    /// <param name="store">The containers.</param>
    /// <param name="cancellation">Cancels the request.</param>
    /// <returns>The error.</returns>
    public static async Task<LabException> NoImageAsync(
        LabException problem, LabException? missing, ContainerOptions options, ContainerStore store, CancellationToken cancellation)
    {
        if (missing?.ServiceMessage is { } said && IsAboutPlatform(said))
        {
            return PlatformMismatch(missing, options, said);
        }

        List<string> names = await new ImageStore(store.Engine).NamesAsync("", cancellation).ToListAsync(cancellation);

        // Engines up to 26 say only that there is no such image.
        string named = ImageName.Familiar(options.Image) is var familiar && familiar.Contains(':', StringComparison.Ordinal) ? familiar : familiar + ":latest";
        if (options.Platform is not null && missing is not null && names.Contains(named))
        {
            return PlatformMismatch(missing, options, missing.ServiceMessage ?? missing.Message);
        }

        string near = NearestNames.Say(options.Image.Contains(':', StringComparison.Ordinal) ? options.Image : options.Image + ":latest", names);
        string pull = options.Pull == ContainerPull.Never
            ? " and -Pull Never is given"
            : missing is null && options.Pull == ContainerPull.Missing ? "" : $", and it cannot be pulled: {problem.ServiceMessage ?? problem.Message}";
        return new LabException(LabErrorKind.NotFound, "ImageNotFound", $"There is no image '{options.Image}' in the Docker Engine{pull.TrimEnd('.')}.{near}", problem)
        {
            Target = options.Image,
            Advice = "Get-LabImage lists the images; Build-LabImage makes one.",
        };
    }

    private static bool IsRestarting(string said) => said.Contains("is restarting, wait until", StringComparison.Ordinal);

    private static bool IsAboutPlatform(string said) =>
        said.Contains("does not provide the specified platform", StringComparison.Ordinal)
        || said.Contains("does not match the specified platform", StringComparison.Ordinal)
        || said.Contains("does not match the detected host platform", StringComparison.Ordinal)
        || said.Contains("no match for platform", StringComparison.Ordinal);

    private static LabException PlatformMismatch(LabException problem, ContainerOptions options, string said) => new(
        LabErrorKind.NotFound, "ContainerPlatformMismatch",
        $"The image '{options.Image}' is in the Docker Engine, but not for {options.Platform ?? "the engine's platform"}: {said.TrimEnd('.')}.", problem)
    {
        Target = options.Image,
        Advice = $"Get-LabImage {options.Image} shows its platforms; Build-LabImage -Platform {options.Platform ?? "linux/amd64"} builds it for this one.",
    };

    private static async Task<LabException> PortTakenAsync(
        LabException problem, string what, string port, ContainerOptions options, ContainerStore store, CancellationToken cancellation)
    {
        int number = int.Parse(port, CultureInfo.InvariantCulture);
        string? holder = null, advice = null;
        await foreach (LabContainer other in store.ListAsync(new ContainerQuery(), cancellation))
        {
            if (other.Ports.Any(p => p.HostPort == number) && other.Name != options.Name)
            {
                holder = $"the container '{other.Name}'";
                advice = $"Stop-LabContainer {other.Name}, or publish another port with -Publish.";
            }
        }

        if (holder is null && store.Engine.IsLocal && PortHolder.Find(number) is { } process)
        {
            holder = $"the process {process}";
        }

        return new LabException(
            LabErrorKind.Conflict, "PortTaken",
            $"The {what} cannot be started: port {port} of the Docker Engine's machine is in use{(holder is null ? " by another program" : " by " + holder)}.", problem)
        {
            Target = options.Name ?? options.Image,
            Advice = advice ?? "Publish another port with -Publish, or leave the port out and the engine chooses a free one.",
        };
    }

    [GeneratedRegex("container name \"/?([^\"]+)\" is already in use by container \"([0-9a-f]{12,})\"")]
    private static partial Regex NameTaken();

    [GeneratedRegex(@"Bind for \S*:(?<port>\d+) failed: port is already allocated|(?:bind host port(?: for)?|listen (?:tcp|udp)[46]?) (?:\[[^\]]*\]|[0-9.]*):(?<port>\d+).*already in use")]
    private static partial Regex PortTaken();

    [GeneratedRegex("exec: \"([^\"]+)\"")]
    private static partial Regex Exec();

    [GeneratedRegex("network (\\S+) not found")]
    private static partial Regex NoNetwork();
}
