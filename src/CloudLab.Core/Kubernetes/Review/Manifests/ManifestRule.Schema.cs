using CloudLab.Core.Common.Review;

namespace CloudLab.Core.Kubernetes.Review.Manifests;

/// <content>Rules about what the API server itself refuses, drops or no longer serves.</content>
public sealed partial record ManifestRule
{
    internal static ManifestRule SyntaxError { get; } = new(
        "SyntaxError", FindingSeverity.High, "A document is not valid YAML or JSON.",
        "Nothing of it can be applied.",
        "Correct the syntax at this place.");

    internal static ManifestRule TemplateNotRendered { get; } = new(
        "TemplateNotRendered", FindingSeverity.High, "A document is a template, not a manifest.",
        "What '{{' stands for is known only once the template is rendered.",
        "Render it first: helm template CHART | Test-LabManifest.");

    internal static ManifestRule NotAManifest { get; } = new(
        "NotAManifest", FindingSeverity.High, "A document is not an object of Kubernetes.",
        "An object needs apiVersion, kind and metadata with a name; without them nothing can be applied.",
        "Add what is missing, or leave the file out.");

    internal static ManifestRule DuplicateKey { get; } = new(
        "DuplicateKey", FindingSeverity.Medium, "A key stands twice in the same mapping.",
        "Only the last one counts.",
        "Remove one of them.");

    internal static ManifestRule DuplicateObject { get; } = new(
        "DuplicateObject", FindingSeverity.Medium, "The same object is described twice.",
        "The one that is applied last wins. Two files of a folder can be alternatives: there it is Low.",
        "Remove one of them, or give it another name.");

    internal static ManifestRule UnknownKind { get; } = new(
        "UnknownKind", FindingSeverity.High, "A kind does not exist.",
        "The server refuses it. Custom resources need their CustomResourceDefinition.",
        "Correct apiVersion and kind, or give the definition with -SchemaPath.");

    internal static ManifestRule NoSchema { get; } = new(
        "NoSchema", FindingSeverity.Low, "Nothing is known of the fields of a custom resource.",
        "Its fields are not checked.",
        "Give its CustomResourceDefinition with -SchemaPath or among the manifests.");

    internal static ManifestRule RemovedApiVersion { get; } = new(
        "RemovedApiVersion", FindingSeverity.High, "An API version is no longer served.",
        "The server refuses the object.",
        "Use the API version that replaces it; some fields have other names there.");

    internal static ManifestRule DeprecatedApiVersion { get; } = new(
        "DeprecatedApiVersion", FindingSeverity.Medium, "An API version is deprecated.",
        "A later version of Kubernetes refuses the object.",
        "Use the API version that replaces it; some fields have other names there.");

    internal static ManifestRule UnknownField { get; } = new(
        "UnknownField", FindingSeverity.High, "A field does not exist.",
        "The server drops it without an error, or refuses the object where validation is strict.",
        "Correct its name, or move it to where it belongs.");

    internal static ManifestRule WrongType { get; } = new(
        "WrongType", FindingSeverity.High, "A value has the wrong type.",
        "The server refuses the object.",
        "Write a value of the type that the message names; quotes make a string of a number or a boolean.");

    internal static ManifestRule RequiredField { get; } = new(
        "RequiredField", FindingSeverity.High, "A required field is missing.",
        "The server refuses the object.",
        "Add the field.");

    internal static ManifestRule InvalidValue { get; } = new(
        "InvalidValue", FindingSeverity.High, "A value is not one that the field takes.",
        "The server refuses the object.",
        "Write a value that the message allows.");

    internal static ManifestRule DuplicateItem { get; } = new(
        "DuplicateItem", FindingSeverity.High, "Two items of a list have the same key.",
        "Items are told apart by it: the server refuses the object, or only one of them counts.",
        "Remove one of them, or give it another key.");

    internal static ManifestRule InvalidName { get; } = new(
        "InvalidName", FindingSeverity.High, "A name, a label or the key of an annotation has characters that it must not have, or too many.",
        "The server refuses the object.",
        "Write names in lower case with '-' and '.', and labels with letters, digits, '-', '_' and '.'.");

    private static IReadOnlyList<ManifestRule> Schema =>
    [
        SyntaxError, TemplateNotRendered, NotAManifest, DuplicateKey, DuplicateObject, UnknownKind, NoSchema, RemovedApiVersion, DeprecatedApiVersion,
        UnknownField, WrongType, RequiredField, InvalidValue, DuplicateItem, InvalidName,
    ];
}
