namespace System.Management.Automation;

public abstract class CmdletMetadataAttribute : Attribute;

public abstract class ParsingBaseAttribute : CmdletMetadataAttribute;

public abstract class CmdletCommonMetadataAttribute : CmdletMetadataAttribute
{
    public string? DefaultParameterSetName { get; set; }

    public bool SupportsShouldProcess { get; set; }

    public bool SupportsPaging { get; set; }

    public bool SupportsTransactions { get; set; }

    public ConfirmImpact ConfirmImpact { get; set; } = ConfirmImpact.Medium;

    public string? HelpUri { get; set; }

    public RemotingCapability RemotingCapability { get; set; } = RemotingCapability.PowerShell;
}

[AttributeUsage(AttributeTargets.Class)]
public sealed class CmdletAttribute(string verbName, string nounName) : CmdletCommonMetadataAttribute
{
    public string VerbName { get; } = verbName;

    public string NounName { get; } = nounName;
}

[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class OutputTypeAttribute : CmdletMetadataAttribute
{
    public OutputTypeAttribute(params Type[] type) => Type = [.. type.Select(t => new PSTypeName(t))];

    public OutputTypeAttribute(params string[] type) => Type = [.. type.Select(t => new PSTypeName(t))];

    public PSTypeName[] Type { get; }

    public string? ProviderCmdlet { get; set; }

    public string[] ParameterSetName { get; set; } = [ParameterAttribute.AllParameterSets];
}

public sealed class PSTypeName
{
    public PSTypeName(Type type) => (Type, Name) = (type, type.FullName!);

    public PSTypeName(string name) => Name = name;

    public string Name { get; }

    public Type? Type { get; }

    public override string ToString() => Name;
}

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field, AllowMultiple = true)]
public sealed class ParameterAttribute : ParsingBaseAttribute
{
    public const string AllParameterSets = "__AllParameterSets";

    public int Position { get; set; } = int.MinValue;

    public string ParameterSetName
    {
        get;
        set => field = string.IsNullOrEmpty(value) ? AllParameterSets : value;
    }

    = AllParameterSets;

    public bool Mandatory { get; set; }

    public bool ValueFromPipeline { get; set; }

    public bool ValueFromPipelineByPropertyName { get; set; }

    public bool ValueFromRemainingArguments { get; set; }

    public string? HelpMessage { get; set; }

    public string? HelpMessageBaseName { get; set; }

    public string? HelpMessageResourceId { get; set; }

    public bool DontShow { get; set; }
}

[AttributeUsage(AttributeTargets.Class | AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AliasAttribute(params string[] aliasNames) : ParsingBaseAttribute
{
    public IList<string> AliasNames { get; } = aliasNames;
}

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class SupportsWildcardsAttribute : ParsingBaseAttribute;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class PSDefaultValueAttribute : ParsingBaseAttribute
{
    public object? Value { get; set; }

    public string? Help { get; set; }
}

[AttributeUsage(AttributeTargets.All)]
public sealed class HiddenAttribute : ParsingBaseAttribute;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AllowNullAttribute : CmdletMetadataAttribute;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AllowEmptyStringAttribute : CmdletMetadataAttribute;

[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
public sealed class AllowEmptyCollectionAttribute : CmdletMetadataAttribute;

public enum ConfirmImpact
{
    None,
    Low,
    Medium,
    High,
}

public enum RemotingCapability
{
    None,
    PowerShell,
    SupportedByCommand,
    OwnedByCommand,
}
