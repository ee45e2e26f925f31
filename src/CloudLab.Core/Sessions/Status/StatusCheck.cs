using System.Diagnostics;
using System.Globalization;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Core.Sessions.Status;

/// <summary>
/// One check of a service: a note of what it has learned so far, which becomes a status when it is done, when it fails, and when its time is
/// over. A failure of any kind is a status.
/// </summary>
/// <param name="service">The service.</param>
/// <param name="configure">What to type where it is not configured.</param>
public sealed class StatusCheck(string service, string configure)
{
    private readonly List<string> notes = [], problems = [], actions = [];

    /// <summary>Address of the service, as soon as it is known.</summary>
    public string? Endpoint { get; set; }

    /// <summary>As whom it is used, as soon as that is known.</summary>
    public string? Identity { get; set; }

    /// <summary>Version of the server, as soon as it is known.</summary>
    public string? Version { get; set; }

    /// <summary>What a timeout means at this point, where it is something else than a server that does not answer.</summary>
    public string? Waiting { get; set; }

    /// <summary>Decides about a failure otherwise than usual; null as a result for the usual.</summary>
    public Func<LabException, StatusVerdict?>? Judge { get; set; }

    /// <summary>Something worth knowing that is not wrong.</summary>
    /// <param name="text">A few words.</param>
    public void Note(string text) => notes.Add(text);

    /// <summary>Something that is wrong or will be soon.</summary>
    /// <param name="text">What.</param>
    /// <param name="action">What to do.</param>
    public void Warn(string text, string action)
    {
        problems.Add(text);
        actions.Add(action);
    }

    /// <summary>Runs the check.</summary>
    /// <param name="limit">How long it may take.</param>
    /// <param name="check">The check; what it has noted stands, however it ends.</param>
    /// <param name="cancellation">Ends it without a status.</param>
    /// <returns>The status.</returns>
    public async Task<LabStatus> RunAsync(TimeSpan limit, Func<StatusCheck, CancellationToken, Task> check, CancellationToken cancellation)
    {
        long start = Stopwatch.GetTimestamp();
        using CancellationTokenSource time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(limit);
        try
        {
            // On a thread of its own, and given up where it does not notice that its time is over.
            await Task.Run(() => check(this, time.Token), CancellationToken.None).WaitAsync(time.Token);
            return Result(problems.Count > 0 ? LabStatusState.Warning : LabStatusState.Ok, null, null) with { Latency = Stopwatch.GetElapsedTime(start) };
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            string seconds = limit.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
            return Waiting is { } waiting
                ? Result(LabStatusState.NotConfigured, $"{waiting} within {seconds} s.", configure)
                : Result(LabStatusState.Unreachable, $"No answer within {seconds} s.", "Check the address and the network; -Timeout waits longer.");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LabException problem = e as LabException ?? new LabException(LabErrorKind.Unspecified, e.GetType().Name, e.Message, e);
            return Of(Judge?.Invoke(problem) ?? Usual(problem)) with
            {
                Latency = problem.StatusCode is null ? null : Stopwatch.GetElapsedTime(start),
            };
        }
    }

    private static StatusVerdict Usual(LabException problem) => problem.Code == "NoCredentials"
        ? new StatusVerdict(LabStatusState.NotConfigured, "No AWS credentials.")
        // What the message of a wrong setting says to do is all there is to do.
        : new StatusVerdict(StateOf(problem), problem.Message, problem.Advice ?? "");

    private static LabStatusState StateOf(LabException problem) => problem.Kind switch
    {
        LabErrorKind.InvalidArgument => LabStatusState.NotConfigured,
        LabErrorKind.AuthenticationFailed => LabStatusState.Denied,
        LabErrorKind.AccessDenied => LabStatusState.Denied,
        LabErrorKind.ConnectionFailed or LabErrorKind.Timeout => LabStatusState.Unreachable,
        _ => LabStatusState.Warning,
    };

    private LabStatus Of(StatusVerdict verdict) => Result(verdict.State, verdict.Message, verdict.Action ?? configure);

    private LabStatus Result(LabStatusState state, string? message, string? action) => new()
    {
        Service = service,
        State = state,
        Endpoint = Endpoint,
        Identity = Identity,
        Version = Version,
        Message = message ?? (problems.Count > 0 ? string.Join(" ", problems) : notes.Count > 0 ? string.Join(", ", notes) : null),
        Action = action is { Length: > 0 } ? action : action is null && actions.Count > 0 ? string.Join(" ", actions.Distinct()) : null,
    };
}

/// <summary>What a failure means.</summary>
/// <param name="State">How the service is.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Action">What to do; empty for nothing, null for how to configure the service.</param>
public sealed record StatusVerdict(LabStatusState State, string Message, string? Action = null);
