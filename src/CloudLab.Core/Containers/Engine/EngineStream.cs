using CloudLab.Core.Common.Streams;

namespace CloudLab.Core.Containers.Engine;

/// <summary>An answer of the engine that is read as it comes; what goes wrong is a <see cref="Common.Errors.LabException"/>.</summary>
/// <param name="answer">The answer.</param>
/// <param name="body">Its content.</param>
/// <param name="clock">Limits silence.</param>
internal sealed class EngineStream(HttpResponseMessage answer, Stream body, EngineClock clock) : ForwardStream
{
    /// <summary>HTTP status.</summary>
    public int Status => (int)answer.StatusCode;

    /// <summary>The content itself, for a connection that is written to as well.</summary>
    public Stream Body => body;

    /// <summary>A header of the answer.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>Its value, or null.</returns>
    public string? Header(string name) => answer.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null;

    /// <inheritdoc/>
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return clock.ReadAsync(body, buffer);
    }

    /// <summary>Takes one step with the stream under its limit.</summary>
    /// <param name="step">The step.</param>
    /// <returns>Done when it is.</returns>
    public Task RunAsync(Func<CancellationToken, Task> step) => clock.RunAsync(async token =>
    {
        await step(token);
        return true;
    });

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            body.Dispose();
            answer.Dispose();
            clock.Dispose();
        }

        base.Dispose(disposing);
    }
}
