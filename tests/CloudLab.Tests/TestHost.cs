using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace CloudLab.Tests;

/// <summary>What one can answer to a confirmation.</summary>
public enum ConfirmAnswer
{
    /// <summary>Do this one.</summary>
    Yes,

    /// <summary>Do all.</summary>
    YesToAll,

    /// <summary>Skip this one.</summary>
    No,

    /// <summary>Skip all.</summary>
    NoToAll,
}

/// <summary>The user of one pipeline: always gives the same answer, or is not there.</summary>
/// <param name="answer">The answer; null for nobody there.</param>
/// <param name="result">Keeps what is said and asked.</param>
internal sealed class TestHost(ConfirmAnswer? answer, CmdletResult result) : PSHost
{
    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "CloudLab.Tests";

    public override PSHostUserInterface UI { get; } = new UserInterface(answer, result);

    public override Version Version => new(1, 0);

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    public override void SetShouldExit(int exitCode) => throw new NotSupportedException();

    private sealed class UserInterface(ConfirmAnswer? answer, CmdletResult result) : PSHostUserInterface
    {
        public override PSHostRawUserInterface RawUI => null!;

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
        {
            result.Asked(caption + "\n" + message);
            string label = answer switch
            {
                ConfirmAnswer.Yes => "Yes",
                ConfirmAnswer.YesToAll => "Yes to All",
                ConfirmAnswer.No => "No",
                ConfirmAnswer.NoToAll => "No to All",
                _ => throw Nobody(),
            };
            int choice = choices.Select(c => c.Label.Replace("&", "", StringComparison.Ordinal)).ToList().IndexOf(label);
            return choice >= 0 ? choice : throw new NotSupportedException($"\"{label}\" is no choice here.");
        }

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw Nobody();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw Nobody();

        public override PSCredential PromptForCredential(
            string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw Nobody();

        public override string ReadLine() => throw Nobody();

        public override SecureString ReadLineAsSecureString() => throw Nobody();

        public override void Write(string value) => result.Told(value);

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => result.Told(value);

        public override void WriteLine(string value) => result.Told(value);

        // The rest comes through the pipeline's streams.
        public override void WriteErrorLine(string value)
        {
        }

        public override void WriteDebugLine(string message)
        {
        }

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
        }

        public override void WriteVerboseLine(string message)
        {
        }

        public override void WriteWarningLine(string message) => result.AddNote(message);

        private static HostException Nobody() => new("There is nobody to ask.");
    }
}
