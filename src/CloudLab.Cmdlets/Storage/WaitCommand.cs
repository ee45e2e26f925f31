using System.Management.Automation;
using CloudLab.Cmdlets.Pipeline;
using CloudLab.Core.Errors;
using CloudLab.Core.Waiting;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Base of the cmdlets that wait for something to be there, or to be gone.</summary>
public abstract class WaitCommand : StorageCommand
{
    private const int WaitsAtOnce = 16;

    /// <summary>Waits until it exists. This is the default.</summary>
    [Parameter(ParameterSetName = "Exists")]
    public SwitchParameter Exists { get; set; }

    /// <summary>Waits until it does not exist any more.</summary>
    [Parameter(ParameterSetName = "NotExists", Mandatory = true)]
    public SwitchParameter NotExists { get; set; }

    /// <summary>When to give up: a TimeSpan or a number of seconds. 100 seconds if left out; 0 looks once.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan Timeout { get; set; } = new WaitOptions().Timeout;

    /// <summary>Longest time between two looks: a TimeSpan or a number of seconds. 5 seconds if left out; the first looks follow each other faster.</summary>
    [Parameter]
    [Seconds]
    public TimeSpan PollInterval { get; set; } = new WaitOptions().PollInterval;

    /// <inheritdoc/>
    protected override int ConcurrentInputs => WaitsAtOnce;

    /// <summary>Waits for one thing, while others are waited for too; writes it when it is there.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <param name="name">Its name.</param>
    /// <param name="find">Looks: the thing, or null where it does not exist.</param>
    /// <returns>Done when the wait has begun.</returns>
    protected Task StartWaitAsync<T>(string name, Func<CancellationToken, Task<T?>> find)
        where T : class =>
        StartAsync(name, async cancellation =>
        {
            bool gone = NotExists;
            T? found = await Waiter.WaitAsync(
                gone ? $"{name} to be gone" : $"{name} to exist", name,
                async token =>
                {
                    T? now = await find(token);
                    return new Sighting<T?>((now is null) == gone, now, now is null ? "it does not exist" : "it exists");
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
        if (Timeout < TimeSpan.Zero || PollInterval <= TimeSpan.Zero)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "InvalidWait", "-Timeout cannot be negative, and -PollInterval must be more than nothing.");
        }
    }
}
