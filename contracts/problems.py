"""Every refusal's stable code, its HTTP status and title. docs/problems/ is written from this table."""

from libs.common.runtime.problems import Problem

_TABLE = (
    ("request_invalid", 422, "Yêu cầu không hợp lệ", "The request is not valid"),
    ("not_found", 404, "Không tìm thấy", "Not found"),
    ("method_not_allowed", 405, "Phương thức không được dùng", "Method not allowed"),
    ("body_too_large", 413, "Nội dung quá lớn", "The body is too large"),
    ("outage", 503, "Tạm thời chưa sẵn sàng", "Away for the moment"),
    ("internal_error", 500, "Lỗi ngoài dự kiến", "Something unforeseen"),
    ("token_missing", 401, "Chưa đăng nhập", "Not signed in"),
    ("token_invalid", 401, "Mã truy cập không hợp lệ", "The token is not valid"),
    ("not_permitted", 403, "Không có quyền", "Not permitted"),
    ("month_invalid", 422, "Tháng không hợp lệ", "Not a month"),
    ("facts_not_settled", 409, "Dữ kiện của tháng chưa đủ", "The month's facts are not all in"),
    ("event_not_applied", 409, "Chưa áp dụng được sự kiện", "The event could not be applied"),
    # Registry
    ("import_file_unreadable", 422, "Không đọc được tệp", "The file can't be read"),
    ("import_columns_wrong", 422, "Sai cột", "Wrong columns"),
    ("import_file_empty", 422, "Tệp không có dòng nào", "The file has no rows"),
    ("import_file_too_large", 413, "Tệp quá lớn", "The file is too large"),
    ("person_invalid", 422, "Thông tin người không hợp lệ", "The person's facts are not valid"),
    ("person_changed", 409, "Thông tin đã được người khác sửa", "Somebody changed the person meanwhile"),
    ("personal_id_taken", 409, "Số định danh đã được đăng ký", "The personal id is registered already"),
    # Eligibility
    ("case_invalid", 422, "Trường hợp có dữ kiện không hợp lệ", "The case has facts that are not valid"),
    ("not_covered_yet", 422, "Chưa thuộc phạm vi áp dụng", "Outside what is built so far"),
    ("policy_invalid", 500, "Tệp chính sách sai", "A policy file is wrong"),
    ("determination_unfinished", 409, "Chưa quyết định xong", "Decisions are still being made"),
    ("determination_over", 409, "Lần xét đã kết thúc", "The determination has ended"),
    ("decision_not_proposed", 409, "Quyết định không chờ ký", "The decision does not await a signature"),
    (
        "decision_not_replayable",
        409,
        "Quyết định có trước khi lưu dữ kiện",
        "The decision is older than kept facts",
    ),
    ("decided_elsewhere", 409, "Cơ quan khác đã quyết định", "Another authority decided it"),
    ("draft_invalid", 422, "Dự thảo có chỗ sai", "The draft has mistakes"),
    ("population_invalid", 422, "Tệp dân số sai", "The population file is wrong"),
    ("simulations_busy", 429, "Nhiều lượt thử đang chờ", "Many simulations are waiting"),
    ("case_state_wrong", 409, "Hồ sơ không ở bước này", "The case is not at this step"),
    (
        "ground_not_in_force",
        422,
        "Luật của ngày đó không có căn cứ này",
        "The law of that day has no such ground",
    ),
    ("nothing_in_force", 409, "Không có gì đang hưởng để thay đổi", "Nothing in force to change"),
    ("recalculation_not_ready", 409, "Lượt tính lại chưa sẵn sàng", "The recalculation is not ready"),
    ("recalculations_busy", 429, "Nhiều lượt tính lại đang chờ", "Many recalculations are waiting"),
    ("recalculation_stale", 409, "Lượt tính lại đã cũ", "The recalculation is out of date"),
    # Facilities
    ("facility_full", 409, "Cơ sở đã hết chỗ", "The facility has no place left"),
    ("person_unknown", 409, "Chưa biết người này", "The person is not known"),
    ("already_resident", 409, "Đang ở một cơ sở khác", "Resident in a facility already"),
    # Payments
    ("run_not_built", 409, "Danh sách chưa lập xong", "The run is not built yet"),
    ("same_identity", 403, "Người lập và người duyệt phải khác nhau", "Maker and checker must differ"),
    ("content_changed", 409, "Nội dung khác với bản được duyệt", "The content is not what was approved"),
    ("report_unreadable", 422, "Không đọc được báo cáo", "The report can't be read"),
    ("webhook_url_refused", 422, "Không gọi tới địa chỉ này", "This address is not called"),
    ("webhook_exists", 409, "Đã có webhook tới địa chỉ này", "There is a webhook to this address"),
    ("webhooks_too_many", 409, "Quá nhiều webhook", "Too many webhooks"),
    ("idempotency_key_reused", 409, "Khoá đã dùng cho yêu cầu khác", "The key was used for another request"),
    ("idempotency_key_busy", 409, "Yêu cầu cùng khoá đang xử lý", "A request of this key is under way"),
    # Gateway (GraphQL: in `extensions.code`)
    ("query_unreadable", 400, "Truy vấn sai cú pháp", "The query is no GraphQL"),
    ("query_invalid", 400, "Truy vấn không khớp lược đồ", "The query does not fit the schema"),
    ("query_too_large", 413, "Truy vấn quá dài", "The query is too long"),
    ("query_too_deep", 400, "Truy vấn lồng quá sâu", "The query is nested too deeply"),
    ("query_too_wide", 400, "Truy vấn quá rộng", "The query is too wide"),
    ("query_too_dear", 400, "Truy vấn quá tốn", "The query costs too much"),
    ("query_circular", 400, "Fragment gọi vòng", "The fragments go in a circle"),
)

PROBLEMS = {code: Problem(code, status, vi, en) for code, status, vi, en in _TABLE}
