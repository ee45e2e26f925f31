using System.Security;

namespace System.Management.Automation;

public class ProgressRecord
{
    public ProgressRecord(int activityId, string activity, string statusDescription)
    {
        ArgumentException.ThrowIfNullOrEmpty(activity);
        ArgumentException.ThrowIfNullOrEmpty(statusDescription);
        (ActivityId, Activity, StatusDescription) = (activityId, activity, statusDescription);
    }

    public int ActivityId { get; }

    public int ParentActivityId { get; set; } = -1;

    public string Activity { get; set; }

    public string StatusDescription { get; set; }

    public string? CurrentOperation { get; set; }

    public int PercentComplete
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100);
            field = value;
        }
    }

    = -1;

    public int SecondsRemaining { get; set; } = -1;

    public ProgressRecordType RecordType { get; set; }
}

public enum ProgressRecordType
{
    Processing,
    Completed,
}

public class InformationRecord(object messageData, string? source)
{
    public object MessageData { get; } = messageData;

    public string? Source { get; set; } = source;

    public List<string> Tags { get; } = [];

    public DateTime TimeGenerated { get; set; } = DateTime.Now;

    public override string ToString() => MessageData?.ToString() ?? "";
}

public sealed class PSCredential
{
    public PSCredential(string userName, SecureString password)
    {
        ArgumentException.ThrowIfNullOrEmpty(userName);
        ArgumentNullException.ThrowIfNull(password);
        (UserName, Password) = (userName, password);
    }

    public static PSCredential Empty { get; } = new();

    public string UserName { get; }

    public SecureString Password { get; }

    public Net.NetworkCredential GetNetworkCredential() => new(UserName, Password);

    private PSCredential() => (UserName, Password) = ("", new SecureString());
}

public readonly struct SwitchParameter(bool isPresent) : IEquatable<SwitchParameter>
{
    public static SwitchParameter Present => new(true);

    public bool IsPresent { get; } = isPresent;

    public static implicit operator bool(SwitchParameter switchParameter) => switchParameter.IsPresent;

    public static implicit operator SwitchParameter(bool value) => new(value);

    public static bool operator ==(SwitchParameter first, SwitchParameter second) => first.IsPresent == second.IsPresent;

    public static bool operator !=(SwitchParameter first, SwitchParameter second) => first.IsPresent != second.IsPresent;

    public static bool operator ==(SwitchParameter first, bool second) => first.IsPresent == second;

    public static bool operator !=(SwitchParameter first, bool second) => first.IsPresent != second;

    public static bool operator ==(bool first, SwitchParameter second) => first == second.IsPresent;

    public static bool operator !=(bool first, SwitchParameter second) => first != second.IsPresent;

    public bool ToBool() => IsPresent;

    public bool Equals(SwitchParameter other) => IsPresent == other.IsPresent;

    public override bool Equals(object? obj) => obj is SwitchParameter other ? Equals(other) : obj is bool value && value == IsPresent;

    public override int GetHashCode() => IsPresent.GetHashCode();

    public override string ToString() => IsPresent.ToString();
}
