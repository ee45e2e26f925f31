using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using CloudLab.Host.Arguments;
using CloudLab.Host.Output;

namespace CloudLab.Host.Engine;

/// <summary>
/// The terminal as the engine sees it: what its formatter writes goes to standard output, everything else to standard error.
/// </summary>
/// <param name="output">Standard output.</param>
/// <param name="errors">Standard error.</param>
internal sealed class ConsoleInterface(TextWriter output, TextWriter errors) : PSHostUserInterface
{
    private const string Red = "\x1b[31m", Yellow = "\x1b[33m", Plain = "\x1b[0m", EraseLine = "\r\x1b[K", Suspend = "Suspend";

    private readonly bool terminal = !Console.IsErrorRedirected;
    private readonly bool color = !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
    private bool progressShown, formatting;

    /// <inheritdoc/>
    public override bool SupportsVirtualTerminal =>
        !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";

    /// <inheritdoc/>
    public override PSHostRawUserInterface RawUI { get; } = new ConsoleSize();

    /// <summary>Names of the cmdlet's parameters: what they need is given on the command line and not asked for.</summary>
    public ICollection<string> Parameters { get; set; } = [];

    /// <summary>A parameter that got one value with commas, where somebody may have meant several; null where none did, or when that has been said.</summary>
    public string? WithCommas { get; set; }

    /// <summary>Says that something failed, and what to do about it.</summary>
    /// <param name="command">The cmdlet.</param>
    /// <param name="record">The error.</param>
    public void WriteError(string command, ErrorRecord record)
    {
        string message = record.ToString().ReplaceLineEndings(" ");
        string id = record.FullyQualifiedErrorId.Split(',')[0];
        Message($"{command}: {message}{(message.Contains(id, StringComparison.Ordinal) ? "" : $" ({id})")}", Red);
        if (record.ErrorDetails?.RecommendedAction is { Length: > 0 } advice)
        {
            Message("  " + advice, null);
        }

        if (WithCommas is { } parameter && record.TargetObject?.ToString()?.Contains(',', StringComparison.Ordinal) == true)
        {
            Message($"  A comma divides nothing here: for several values write -{parameter} A -{parameter} B.", null);
            WithCommas = null;
        }
    }

    /// <summary>Says that the command line makes no sense, and where to look.</summary>
    /// <param name="command">The cmdlet.</param>
    /// <param name="message">What is wrong.</param>
    public void WriteUsage(string command, string message)
    {
        Message($"{command}: {message.ReplaceLineEndings(" ").Trim()}", Red);
        Message($"  'cloudlab help {command}' shows how to use it.", null);
    }

    /// <summary>Runs a step of the formatter, whose lines are output where others are messages.</summary>
    /// <param name="step">The step.</param>
    public void Format(Action step)
    {
        formatting = true;
        try
        {
            step();
        }
        finally
        {
            formatting = false;
        }
    }

    /// <summary>Takes a half-written line of progress away.</summary>
    public void EndProgress()
    {
        if (progressShown)
        {
            errors.Write(EraseLine);
            errors.Flush();
            progressShown = false;
        }
    }

    /// <inheritdoc/>
    public override void Write(string value)
    {
        EndProgress();
        TextWriter writer = formatting ? output : errors;

        // The engine writes its colors always; whether they are shown is the host's matter.
        writer.Write(GetOutputString(value, SupportsVirtualTerminal));
        writer.Flush();
    }

    /// <inheritdoc/>
    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    /// <inheritdoc/>
    public override void WriteLine(string value) => Write(value + "\n");

    /// <inheritdoc/>
    public override void WriteErrorLine(string value) => Message(value, Red);

    /// <inheritdoc/>
    public override void WriteWarningLine(string message) => Message("WARNING: " + message, Yellow);

    /// <inheritdoc/>
    public override void WriteVerboseLine(string message) => Message("VERBOSE: " + message, null);

    /// <inheritdoc/>
    public override void WriteDebugLine(string message) => Message("DEBUG: " + message, null);

    /// <inheritdoc/>
    public override void WriteProgress(long sourceId, ProgressRecord record)
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

    /// <summary>
    /// Asks for lines of text. The engine asks for mandatory parameters this way, too: those belong on the command line, and it
    /// says which are missing where it gets no answer.
    /// </summary>
    /// <inheritdoc/>
    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions)
    {
        Dictionary<string, PSObject> answers = [];
        foreach (FieldDescription field in descriptions)
        {
            if (Parameters.Contains(field.Name))
            {
                throw new HostException("A parameter is missing.");
            }

            EndProgress();
            answers[field.Name] = Terminal.Ask(errors, $"{caption}: {field.Name}: ") ?? throw Nobody();
        }

        return answers;
    }

    /// <inheritdoc/>
    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        EndProgress();
        string[] labels = [.. choices.Select(c => c.Label.Replace("&", "", StringComparison.Ordinal))];
        string[] keys = [.. choices.Select(Key)];

        // To suspend is to get a prompt in between, which PowerShell has and this has not.
        string offer = string.Join("  ", keys.Zip(labels, (key, label) => $"[{key}] {label}").Where((_, i) => labels[i] != Suspend));
        while (true)
        {
            string answer = Terminal.Ask(errors, $"{message}\n{offer} ({keys[Math.Max(defaultChoice, 0)]}): ")?.Trim()
                ?? throw new HostException(message.ReplaceLineEndings(" ") + " Confirmation is not possible here: add -Confirm:false.", null, "ConfirmationNeeded", ErrorCategory.InvalidOperation);
            int chosen = answer.Length == 0 ? defaultChoice
                : Array.FindIndex(keys, k => k.Equals(answer, StringComparison.OrdinalIgnoreCase)) is >= 0 and var key ? key
                : Array.FindIndex(labels, l => l.Equals(answer, StringComparison.OrdinalIgnoreCase));
            if (chosen >= 0 && labels[chosen] != Suspend)
            {
                return chosen;
            }
        }
    }

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        SecretArgument.Credential("Credential", userName);

    /// <inheritdoc/>
    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) =>
        SecretArgument.Credential("Credential", userName);

    /// <inheritdoc/>
    public override string ReadLine() => Terminal.Ask(errors, "") ?? throw Nobody();

    /// <inheritdoc/>
    public override SecureString ReadLineAsSecureString() => SecretArgument.Secret("Secret", "?");

    private static HostException Nobody() => new("Input cannot be prompted for here.");

    private static string Key(ChoiceDescription choice) =>
        choice.Label.IndexOf('&', StringComparison.Ordinal) is >= 0 and var at && at + 1 < choice.Label.Length
            ? choice.Label.Substring(at + 1, 1).ToUpperInvariant()
            : choice.Label;

    private void Message(string text, string? shade)
    {
        EndProgress();
        errors.Write((color && shade is not null ? shade + text + Plain : text) + "\n");
        errors.Flush();
    }

    /// <summary>The formatter asks how wide a line is; nothing else of a console is needed.</summary>
    private sealed class ConsoleSize : PSHostRawUserInterface
    {
        public override Size BufferSize
        {
            get => new(Terminal.OutputWidth, 3000);
            set => throw new NotSupportedException();
        }

        public override Size WindowSize
        {
            get => new(Terminal.OutputWidth, 50);
            set => throw new NotSupportedException();
        }

        public override Size MaxPhysicalWindowSize => WindowSize;

        public override Size MaxWindowSize => WindowSize;

        public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

        public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

        public override Coordinates CursorPosition { get; set; }

        public override Coordinates WindowPosition { get; set; }

        public override int CursorSize { get; set; } = 25;

        public override string WindowTitle { get; set; } = "cloudlab";

        public override bool KeyAvailable => false;

        public override void FlushInputBuffer()
        {
        }

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

        public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) =>
            throw new NotSupportedException();

        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();
    }
}
