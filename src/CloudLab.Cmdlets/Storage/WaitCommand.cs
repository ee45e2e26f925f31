using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Common.Errors;
using CloudLab.Core.Common.Waiting;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Base of the cmdlets that wait for something to be there, to be gone, or to be as a script wants it.</summary>
public abstract class WaitCommand : StorageCommand
{
    private const int WaitsAtOnce = 16;

    /// <summary>Waits until it exists. This is the default.</summary>
    [Parameter(ParameterSetName = "Exists")]
    public SwitchParameter Exists { get; set; }

    /// <summary>Waits until it no longer exists.</summary>
    [Parameter(ParameterSetName = "NotExists", Mandatory = true)]
    public SwitchParameter NotExists { get; set; }

    /// <summary>Waits until this script returns true: it gets the item as <c>$_</c>, which is null while it does not exist.</summary>
    [Parameter(ParameterSetName = "Until", Mandatory = true)]
    [ValidateNotNull]
    public ScriptBlock? Until { get; set; }

    /// <summary>How long to wait: a TimeSpan or a number of seconds. 100 seconds if omitted; 0 checks once.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = new WaitOptions().Timeout;

    /// <summary>Longest time between two checks: a TimeSpan or a number of seconds. 5 seconds if omitted; the first checks follow at shorter intervals.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan PollInterval { get; set; } = new WaitOptions().PollInterval;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => WaitsAtOnce;

    /// <summary>Waits for one thing, while others are waited for too; writes it when it is there.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name.</param>
    /// <param name="find">Looks: the thing, or null where it does not exist.</param>
    /// <param name="describe">The state of the thing in a few words, to follow on "it exists"; null where there is nothing to say.</param>
    /// <returns>Done when the wait has begun.</returns>
    protected Task StartWaitAsync<T>(string name, Func<CancellationToken, Task<T?>> find, Func<T, string>? describe = null)
        where T : class =>
        StartAsync(name, async cancellation =>
        {
            bool gone = NotExists;
            T? found = await Waiter.WaitAsync(
                Until is not null ? $"{name} to meet the condition of -Until" : gone ? $"{name} to be gone" : $"{name} to exist", name,
                async token =>
                {
                    T? now = await find(token);
                    string seen = now is null ? "it does not exist" : describe is null ? "it exists" : $"it exists ({describe(now)})";
                    return Until is null ? new Sighting<T?>((now is null) == gone, now, seen)
                        : new Sighting<T?>(await IsTrueAsync(name, now), now, seen + ", and the condition is not true");
                },
                new WaitOptions { Timeout = Timeout, PollInterval = PollInterval }, Reporter, cancellation);
            if (found is not null)
            {
                await WriteAsync(found, cancellation);
            }
        });

    /// <inheritdoc/>
    protected override void OnBegin()
    {
        base.OnBegin();
        CheckTimes(Timeout, PollInterval);
    }

    /// <summary>Checks the times of a wait.</summary>
    /// <param name="timeout">-Timeout.</param>
    /// <param name="pollInterval">-PollInterval.</param>
    internal static void CheckTimes(TimeSpan timeout, TimeSpan pollInterval)
    {
        if (timeout < TimeSpan.Zero || pollInterval <= TimeSpan.Zero)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidWait", "-Timeout cannot be negative, and -PollInterval must be greater than 0.");
        }
    }

    // On the pipeline thread, as any script. Errors in it are real ones, whatever the caller's preference: a condition that fails
    // at every look would otherwise look like one that is never true.
    private async Task<bool> IsTrueAsync(string name, object? thing)
    {
        (bool isTrue, RuntimeException? problem) = await AskAsync<(bool, RuntimeException?)>(() =>
        {
            try
            {
                List<PSVariable> variables = [new("_", thing), new("ErrorActionPreference", ActionPreference.Stop)];
                return (LanguagePrimitives.IsTrue(Until!.InvokeWithContext(null, variables)), null);
            }
            catch (RuntimeException e) when (e is not PipelineStoppedException)
            {
                return (false, e);
            }
        });
        return problem is null
            ? isTrue
            : throw new LabException(
                LabErrorKind.Unspecified, "ConditionFailed", $"The script of -Until failed for {name}: {problem.ErrorRecord?.Exception?.Message ?? problem.Message}", problem)
            {
                Target = name,
                Advice = "Note that $_ is null while nothing with that name exists, and that any error in the script ends the wait.",
            };
    }
}
