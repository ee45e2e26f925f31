using System.Globalization;
using System.Management.Automation;
using CloudLab.Host.Pipeline;

namespace CloudLab.Host.Output;

/// <summary>Objects to standard output, everything else to standard error.</summary>
/// <param name="command">Name of the cmdlet, which errors begin with.</param>
/// <param name="objects">Writes the objects.</param>
/// <param name="errors">Standard error.</param>
/// <param name="terminal">Whether standard error is a terminal.</param>
internal sealed class ConsoleSink(string command, IObjectWriter objects, TextWriter errors, bool terminal) : IPipelineSink
{
    private const string Red = "\x1b[31m", Yellow = "\x1b[33m", Plain = "\x1b[0m", EraseLine = "\r\x1b[K";

    private readonly bool color = terminal && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
    private bool progressShown;

    /// <summary>Whether the reader of standard output has gone.</summary>
    public bool ReaderGone { get; private set; }

    /// <inheritdoc/>
    public void Output(object? value)
    {
        EndProgress();
        try
        {
            objects.Write(value);
        }
        catch (IOException e)
        {
            ReaderGone = true;
            throw new PipelineStoppedException("Nobody reads the output any more.", e);
        }
    }

    /// <summary>Writes what is still held back.</summary>
    public void Finish()
    {
        EndProgress();
        try
        {
            objects.Flush();
        }
        catch (IOException)
        {
            ReaderGone = true;
        }
    }

    /// <inheritdoc/>
    public void Error(ErrorRecord record, bool terminating)
    {
        string message = record.ToString();
        string id = record.FullyQualifiedErrorId.Split(',')[0];
        Line($"{command}: {message}{(message.Contains(id, StringComparison.Ordinal) ? "" : $" ({id})")}", Red);
        if (record.ErrorDetails?.RecommendedAction is { Length: > 0 } advice)
        {
            Line("  " + advice, null);
        }
    }

    /// <inheritdoc/>
    public void Warning(string text) => Line("WARNING: " + text, Yellow);

    /// <inheritdoc/>
    public void Verbose(string text) => Line("VERBOSE: " + text, null);

    /// <inheritdoc/>
    public void Debug(string text) => Line("DEBUG: " + text, null);

    /// <inheritdoc/>
    public void Information(string text) => Line(text, null);

    /// <inheritdoc/>
    public void Progress(ProgressRecord record)
    {
        if (!terminal)
        {
            return;
        }

        if (record.RecordType == ProgressRecordType.Completed)
        {
            EndProgress();
            return;
        }

        string percent = record.PercentComplete >= 0 ? string.Create(CultureInfo.InvariantCulture, $" {record.PercentComplete,3}%") : "";
        string left = record.SecondsRemaining >= 0 ? $", {TimeSpan.FromSeconds(record.SecondsRemaining):c} left" : "";
        string text = $"{record.Activity}{percent} {record.StatusDescription}{left}";
        int room = Terminal.Width - 1;
        errors.Write(EraseLine + (text.Length <= room ? text : text[..room]));
        errors.Flush();
        progressShown = true;
    }

    /// <inheritdoc/>
    public ConfirmAnswer? Ask(string question)
    {
        objects.Flush();
        EndProgress();
        return Terminal.Ask(errors, $"{question}\n[Y] Yes  [A] Yes to all  [N] No  [L] No to all (N): ");
    }

    private void Line(string text, string? shade)
    {
        EndProgress();
        errors.WriteLine(color && shade is not null ? shade + text + Plain : text);
        errors.Flush();
    }

    private void EndProgress()
    {
        if (progressShown)
        {
            errors.Write(EraseLine);
            errors.Flush();
            progressShown = false;
        }
    }
}
